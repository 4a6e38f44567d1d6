package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.RingReader;
import io.ebpf4j.TestRun;
import io.ebpf4j.junit.BothKernels;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.object.ObjectFile;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Records of a ring buffer that are written through dynptrs. */
class DynptrRecordsTwinTest {
  private static final int ANSWERS = 8;

  /** Size, flags, whether it is discarded, a number. */
  private static final int[][] QUESTIONS = {
    {16, 0, 0, 1},
    {24, 0, 1, 2},
    {8, 0, 0, 3},
    {0, 0, 0, 4},
    {3, 0, 0, 5},
    {16, 1, 0, 6},
    {4096, 0, 0, 7},
    {4088, 0, 0, 8},
    {1 << 24, 0, 0, 9},
    {-1, 0, 1, 10},
    {1000, 0, 0, 11},
    {3100, 0, 0, 12},
    {3000, 0, 0, 13}
  };

  @Test
  void recordsAreWrittenAndReadAlike() throws IOException {
    Assumptions.assumeTrue(BothKernels.linux().isPresent(), "Linux is not available");
    List<String> expected;
    try (Kernel linux = BothKernels.linux().orElseThrow()) {
      expected = answers(linux);
    }
    assertThat(expected).hasSizeGreaterThan(QUESTIONS.length);
    JvmKernel.Builder[] builders = {
      JvmKernel.builder(), JvmKernel.builder().compiled(false), JvmKernel.builder().verified(false)
    };
    for (JvmKernel.Builder builder : builders) {
      try (JvmKernel kernel = builder.build()) {
        assertThat(answers(kernel)).isEqualTo(expected);
      }
    }
  }

  private static List<String> answers(Kernel kernel) throws IOException {
    List<String> all = new ArrayList<>();
    try (InputStream in = DynptrRecordsTwinTest.class.getResourceAsStream("/records.bpf.o");
        BpfObject object =
            kernel.load(
                ObjectFile.parse("records.bpf.o", Objects.requireNonNull(in).readAllBytes()));
        RingReader reader = kernel.ringReader(object.map("ring"))) {
      for (int[] question : QUESTIONS) {
        all.add(answer(object, question));
        Optional<byte[]> record = reader.read(Duration.ZERO);
        record.ifPresent(bytes -> all.add(HexFormat.of().formatHex(bytes, 0, shown(bytes))));
      }
    }
    return all;
  }

  /** Linux does not clear a record: only what was written is compared. */
  private static int shown(byte[] record) {
    return Math.min(record.length, 12);
  }

  private static String answer(BpfObject object, int[] question) {
    object.map("answers").update(Elements.u32(0), Elements.room(8 * ANSWERS), 0);
    ByteBuffer packet = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    for (int number : question) {
      packet.putInt(number);
    }
    object.program("record").testRun(TestRun.of(packet.array()));
    MemorySegment answers = Elements.room(8 * ANSWERS);
    object.map("answers").lookup(Elements.u32(0), answers, 0);
    List<Long> numbers = new ArrayList<>();
    for (int i = 0; i < ANSWERS; i++) {
      numbers.add(answers.getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i));
    }
    return List.of(question[0], question[1], question[2]) + ": " + numbers;
  }
}
