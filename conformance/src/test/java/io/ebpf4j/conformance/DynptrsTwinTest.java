package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
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
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** What dynptrs over memory and packets answer: on Linux, compiled and checked in the JVM. */
class DynptrsTwinTest {
  private static final int ANSWERS = 64;
  private static final int BLOCK_BYTES = 256;

  /** Offset, size, another offset, flags. */
  private static final int[][] QUESTIONS = {
    {0, 8, 40, 0},
    {4, 12, 60, 0},
    {60, 4, 0, 0},
    {112, 16, 113, 0},
    {120, 8, 128, 0},
    {121, 8, 120, 0},
    {128, 0, 129, 0},
    {1000, 2, 10, 0},
    {8, 3, 20, 1},
    {8, 3, 20, 64},
    {16, 200, 32, 0},
    {0, 128, 0, 0},
    {-1, 8, -1, 0},
    {8, -1, 16, 0},
    {30, 5, 20, 0}
  };

  @Test
  void aWindowOverMemoryAnswersAlike() throws IOException {
    compare("memory", 64);
  }

  @Test
  void aWindowOverAFrameAnswersAlike() throws IOException {
    compare("frame", 64);
    compare("frame", 128);
    compare("frame", 1500);
  }

  @Test
  void aWindowOverAFrameWithFragsAnswersAlike() throws IOException {
    compare("frame", 9000);
  }

  @Test
  void aWindowOverASocketBufferAnswersAlike() throws IOException {
    compare("buffer", 64);
    compare("buffer", 1500);
  }

  @Test
  void aWindowOfASocketFilterAnswersAlike() throws IOException {
    compare("filter", 128);
  }

  @Test
  void aPacketIsRewrittenAlike() throws IOException {
    for (int length : new int[] {14, 64, 1500, 4096, 4106, 5000, 9000}) {
      compare("rewrite", length);
    }
  }

  private static void compare(String program, int length) throws IOException {
    Assumptions.assumeTrue(BothKernels.linux().isPresent(), "Linux is not available");
    Map<String, List<String>> all = new LinkedHashMap<>();
    try (Kernel linux = BothKernels.linux().orElseThrow()) {
      all.put("linux", answers(linux, program, length));
    }
    JvmKernel.Builder[] builders = {
      JvmKernel.builder(), JvmKernel.builder().compiled(false), JvmKernel.builder().verified(false)
    };
    for (JvmKernel.Builder builder : builders) {
      try (JvmKernel kernel = builder.build()) {
        all.put("jvm " + all.size(), answers(kernel, program, length));
      }
    }
    List<String> expected = all.get("linux");
    all.forEach((kernel, answers) -> assertThat(answers).as(kernel).isEqualTo(expected));
  }

  private static List<String> answers(Kernel kernel, String program, int length)
      throws IOException {
    List<String> all = new ArrayList<>();
    try (InputStream in = DynptrsTwinTest.class.getResourceAsStream("/dynptrs.bpf.o")) {
      ObjectFile file =
          ObjectFile.parse("dynptrs.bpf.o", Objects.requireNonNull(in).readAllBytes());
      file.programs().keySet().stream()
          .filter(name -> !name.equals(program))
          .toList()
          .forEach(file::omit);
      try (BpfObject object = kernel.load(file)) {
        for (int[] question : QUESTIONS) {
          all.add(answer(object, program, length, question));
        }
      }
    }
    return all;
  }

  private static String answer(BpfObject object, String program, int length, int[] question) {
    MemorySegment block = Elements.room(BLOCK_BYTES);
    for (int i = 0; i < BLOCK_BYTES; i++) {
      block.set(ValueLayout.JAVA_BYTE, i, (byte) i);
    }
    object.map("blocks").update(Elements.u32(0), block, 0);
    object.map("blocks").update(Elements.u32(1), Elements.room(BLOCK_BYTES), 0);
    object.map("answers").update(Elements.u32(0), Elements.room(8 * ANSWERS), 0);
    byte[] packet = new byte[length];
    for (int i = 0; i < length; i++) {
      packet[i] = (byte) (i * 7);
    }
    if (length >= 16) {
      ByteBuffer first = ByteBuffer.wrap(packet).order(ByteOrder.LITTLE_ENDIAN);
      for (int number : question) {
        first.putInt(number);
      }
    }
    TestRun.Result result = object.program(program).testRun(TestRun.of(packet));
    StringBuilder text = new StringBuilder(program).append(' ').append(result.returnValue());
    MemorySegment answers = Elements.room(8 * ANSWERS);
    object.map("answers").lookup(Elements.u32(0), answers, 0);
    for (int i = 0; i < 32; i++) {
      text.append(i % 8 == 0 ? "\n" : " ")
          .append(answers.getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i));
    }
    for (int i = 0; i < 2; i++) {
      object.map("blocks").lookup(Elements.u32(i), block, 0);
      text.append('\n').append(hex(block.toArray(ValueLayout.JAVA_BYTE)));
    }
    return text.append('\n').append(hex(result.data())).toString();
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
