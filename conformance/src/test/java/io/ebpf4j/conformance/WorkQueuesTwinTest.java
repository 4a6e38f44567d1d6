package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.TestRun;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.Errno;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Work queues in map values. */
class WorkQueuesTwinTest {
  private static final long PATIENCE_NANOS = 5_000_000_000L;
  private static final int VALUE_BYTES = 56;
  private static final int KEY_OFFSET = 24;
  private static final int ANSWERS_OFFSET = 28;

  @TwinTest
  void aFunctionRunsOnceForEachStart(Kernel kernel) throws Exception {
    try (BpfObject object = load(kernel)) {
      assertThat(run(object, "begin", 3)).isZero();
      assertThat(runs(object, 3, 1)).isEqualTo(1);
      MemorySegment work = value(object, 3);
      assertThat(work.get(ValueLayout.JAVA_INT_UNALIGNED, KEY_OFFSET)).isEqualTo(3);
      assertThat(runs(object, 2, 0)).isZero();
      // The second run starts a third.
      assertThat(run(object, "again", 3)).isZero();
      assertThat(runs(object, 3, 3)).isEqualTo(3);
    }
  }

  @TwinTest
  void whatIsNotMadeIsNotStarted(Kernel kernel) throws Exception {
    try (BpfObject object = load(kernel)) {
      assertThat(run(object, "again", 0)).isEqualTo(-Errno.EINVAL.number());
      assertThat(run(object, "begin", 0)).isZero();
      MemorySegment work = value(object, 0);
      List<Integer> answers = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        answers.add(work.get(ValueLayout.JAVA_INT_UNALIGNED, ANSWERS_OFFSET + 4L * i));
      }
      int invalid = -Errno.EINVAL.number();
      assertThat(answers).containsExactly(invalid, invalid, invalid, 0, -Errno.EBUSY.number(), 0);
    }
  }

  @TwinTest
  void anUpdateEndsTheWorkQueue(Kernel kernel) throws Exception {
    try (BpfObject object = load(kernel)) {
      assertThat(run(object, "begin", 1)).isZero();
      assertThat(runs(object, 1, 1)).isEqualTo(1);
      object.map("works").update(Elements.u32(1), Elements.room(VALUE_BYTES), 0);
      assertThat(run(object, "again", 1)).isEqualTo(-Errno.EINVAL.number());
    }
  }

  /** How often the function has run, once it is that often or patience has ended. */
  private static long runs(BpfObject object, int key, long wanted) throws InterruptedException {
    long start = System.nanoTime();
    long runs;
    do {
      Thread.sleep(2);
      runs = value(object, key).get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
    } while (runs < wanted && System.nanoTime() - start < PATIENCE_NANOS);
    return runs;
  }

  private static MemorySegment value(BpfObject object, int key) {
    MemorySegment value = Elements.room(VALUE_BYTES);
    object.map("works").lookup(Elements.u32(key), value, 0);
    return value;
  }

  private static int run(BpfObject object, String program, int key) {
    byte[] packet = new byte[64];
    packet[0] = (byte) key;
    return object.program(program).testRun(TestRun.of(packet)).returnValue();
  }

  private static BpfObject load(Kernel kernel) throws IOException {
    try (InputStream in = WorkQueuesTwinTest.class.getResourceAsStream("/workqueues.bpf.o")) {
      return kernel.load(
          ObjectFile.parse("workqueues.bpf.o", Objects.requireNonNull(in).readAllBytes()));
    }
  }
}
