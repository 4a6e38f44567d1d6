package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The calling thread on one CPU: a test run without BPF_F_TEST_RUN_ON_CPU takes the CPU that the
 * thread is on. Closed by the same thread, which may then run where it could before.
 */
public final class CpuPin implements AutoCloseable {
  /** As many CPUs as a kernel can have (CONFIG_NR_CPUS is at most 8192). */
  private static final int MASK_BYTES = 8192 / 8;

  private final byte[] before;

  private CpuPin(byte[] before) {
    this.before = before;
  }

  /**
   * Pins the calling thread, which must be a platform thread. Threads that it starts meanwhile are
   * pinned too.
   *
   * @throws BpfException EINVAL where the CPU is not online, or the process may not use it
   */
  public static CpuPin ofThisThread(int cpu) {
    if (cpu < 0 || cpu >= MASK_BYTES * 8) {
      throw new IllegalArgumentException("there is no CPU " + cpu);
    }
    byte[] before = new byte[MASK_BYTES];
    try (Bpf bpf = new Bpf()) {
      MemorySegment mask = bpf.buffer(MASK_BYTES);
      check(
          Syscall.call(SystemCall.SCHED_GETAFFINITY, 0, MASK_BYTES, mask.address(), 0, 0, 0),
          "to tell the thread's CPUs");
      MemorySegment.copy(mask, ValueLayout.JAVA_BYTE, 0, before, 0, MASK_BYTES);
    }
    byte[] wanted = new byte[MASK_BYTES];
    wanted[cpu / 8] = (byte) (1 << cpu % 8);
    set(
        wanted,
        "to run this thread on CPU %d: is it online, and may this process use it (taskset -p)?"
            .formatted(cpu));
    return new CpuPin(before);
  }

  @Override
  public void close() {
    set(before, "to give the thread its CPUs back");
  }

  private static void set(byte[] cpus, String refused) {
    try (Bpf bpf = new Bpf()) {
      MemorySegment mask = bpf.buffer(MASK_BYTES);
      MemorySegment.copy(cpus, 0, mask, ValueLayout.JAVA_BYTE, 0, MASK_BYTES);
      check(
          Syscall.call(SystemCall.SCHED_SETAFFINITY, 0, MASK_BYTES, mask.address(), 0, 0, 0),
          refused);
    }
  }

  private static void check(long result, String refused) {
    if (result < 0) {
      throw Bpf.failure(result, refused);
    }
  }
}
