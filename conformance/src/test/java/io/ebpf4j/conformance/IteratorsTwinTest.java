package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.TestRun;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.Errno;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Open-coded iterators, as {@code bpf_for} makes them, and kernel functions found by name. */
class IteratorsTwinTest {
  private static final int XDP_PASS = 2;

  /** What {@code struct answer} has at its offsets. */
  private record Answer(int begun, int count, long sum, int last) {}

  @TwinTest
  void aLoopSeesEveryNumber(Kernel kernel) throws IOException {
    assertThat(sum(kernel, 0, 10, -1)).isEqualTo(new Answer(0, 10, 45, 9));
    assertThat(sum(kernel, -5, 3, 100)).isEqualTo(new Answer(0, 8, -12, 2));
    assertThat(sum(kernel, 7, 8, 100)).isEqualTo(new Answer(0, 1, 7, 7));
  }

  @TwinTest
  void aLoopIsLeftEarly(Kernel kernel) throws IOException {
    assertThat(sum(kernel, 0, 1_000_000, 3)).isEqualTo(new Answer(0, 4, 6, 3));
  }

  @TwinTest
  void noNumbersAreNoError(Kernel kernel) throws IOException {
    assertThat(sum(kernel, 4, 4, -1)).isEqualTo(new Answer(0, 0, 0, 0));
  }

  @TwinTest
  void aStartAboveTheEndIsInvalid(Kernel kernel) throws IOException {
    assertThat(sum(kernel, 5, 4, -1)).isEqualTo(new Answer(-Errno.EINVAL.number(), 0, 0, 0));
  }

  @TwinTest
  void moreThanEightMillionNumbersAreTooMany(Kernel kernel) throws IOException {
    int most = 8 << 20;
    assertThat(sum(kernel, 0, most, 1)).isEqualTo(new Answer(0, 2, 1, 1));
    assertThat(sum(kernel, 0, most + 1, 1)).isEqualTo(new Answer(-Errno.E2BIG.number(), 0, 0, 0));
    assertThat(sum(kernel, Integer.MIN_VALUE, Integer.MAX_VALUE, 1))
        .isEqualTo(new Answer(-Errno.E2BIG.number(), 0, 0, 0));
  }

  @TwinTest
  void theLeastAndTheGreatestNumberAreBegunAndEnded(Kernel kernel) throws IOException {
    int least = Integer.MIN_VALUE;
    assertThat(sum(kernel, least, least + 3, 0))
        .isEqualTo(new Answer(0, 3, 3L * least + 3, least + 2));
    int greatest = Integer.MAX_VALUE;
    assertThat(sum(kernel, greatest - 2, greatest, 0))
        .isEqualTo(new Answer(0, 2, 2L * greatest - 3, greatest - 1));
  }

  @TwinTest
  void loopsNest(Kernel kernel) throws IOException {
    try (BpfObject object = load(kernel)) {
      assertThat(run(object, "product", 12, 13, 0)).isEqualTo(XDP_PASS);
      assertThat(answer(object).sum()).isEqualTo(156);
    }
  }

  @TwinTest
  void theEndStaysTheEnd(Kernel kernel) throws IOException {
    try (BpfObject object = load(kernel)) {
      assertThat(run(object, "past_the_end", 0, 0, 0)).isEqualTo(1);
    }
  }

  @TwinTest
  void aWeakFunctionThatIsMissingIsNull(Kernel kernel) throws IOException {
    try (BpfObject object = load(kernel)) {
      assertThat(run(object, "exists", 0, 0, 0)).isEqualTo(1);
    }
  }

  @TwinTest
  void theNumberIndexesAnArray(Kernel kernel) throws IOException {
    try (BpfObject object = load(kernel)) {
      assertThat(run(object, "bytes", 0, 0, 0)).isEqualTo(192);
    }
  }

  @Test
  void theCheckedInterpreterSeesTheSame() throws IOException {
    JvmKernel.Builder[] builders = {
      JvmKernel.builder().compiled(false), JvmKernel.builder().verified(false)
    };
    for (JvmKernel.Builder builder : builders) {
      try (JvmKernel kernel = builder.build()) {
        assertThat(sum(kernel, -5, 3, 100)).isEqualTo(new Answer(0, 8, -12, 2));
        theEndStaysTheEnd(kernel);
        aWeakFunctionThatIsMissingIsNull(kernel);
        loopsNest(kernel);
      }
    }
  }

  private static Answer sum(Kernel kernel, int start, int end, int stop) throws IOException {
    try (BpfObject object = load(kernel)) {
      assertThat(run(object, "sum", start, end, stop)).isEqualTo(XDP_PASS);
      return answer(object);
    }
  }

  private static Answer answer(BpfObject object) {
    MemorySegment value = Elements.room(24);
    object.map("answers").lookup(Elements.u32(0), value, 0);
    return new Answer(
        value.get(ValueLayout.JAVA_INT_UNALIGNED, 0),
        value.get(ValueLayout.JAVA_INT_UNALIGNED, 4),
        value.get(ValueLayout.JAVA_LONG_UNALIGNED, 8),
        value.get(ValueLayout.JAVA_INT_UNALIGNED, 16));
  }

  private static int run(BpfObject object, String program, int start, int end, int stop) {
    ByteBuffer packet = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    packet.putInt(start).putInt(end).putInt(stop);
    return object.program(program).testRun(TestRun.of(packet.array())).returnValue();
  }

  private static BpfObject load(Kernel kernel) throws IOException {
    return kernel.load(file());
  }

  private static ObjectFile file() throws IOException {
    try (InputStream in = IteratorsTwinTest.class.getResourceAsStream("/iterators.bpf.o")) {
      return ObjectFile.parse("iterators.bpf.o", Objects.requireNonNull(in).readAllBytes());
    }
  }
}
