package io.ebpf4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Supplier;

/**
 * The capabilities of the calling thread, of which Linux keeps a set for each: given up for a call,
 * and taken back.
 */
final class Capabilities {
  private static final int VERSION_3 = 0x20080522;
  private static final int SETS_BYTES = 24;

  private static final int NET_ADMIN = 12;
  private static final int SYS_ADMIN = 21;
  private static final int PERFMON = 38;
  private static final int BPF = 39;

  private Capabilities() {}

  /** Does something as one who may do with bpf(2) what everyone may. */
  static <T> T withoutThoseOfBpf(Supplier<T> action) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment header = arena.allocate(Long.BYTES, Integer.BYTES);
      header.set(ValueLayout.JAVA_INT, 0, VERSION_3);
      MemorySegment sets = arena.allocate(SETS_BYTES, Integer.BYTES);
      call(SystemCall.CAPGET, header, sets);
      MemorySegment before = arena.allocate(SETS_BYTES, Integer.BYTES).copyFrom(sets);
      for (int capability : new int[] {NET_ADMIN, SYS_ADMIN, PERFMON, BPF}) {
        // Three words for each half: effective, permitted, inheritable.
        long effective = capability / Integer.SIZE * 12L;
        int bits = sets.get(ValueLayout.JAVA_INT, effective);
        sets.set(ValueLayout.JAVA_INT, effective, bits & ~(1 << capability % Integer.SIZE));
      }
      call(SystemCall.CAPSET, header, sets);
      try {
        return action.get();
      } finally {
        call(SystemCall.CAPSET, header, before);
      }
    }
  }

  private static void call(SystemCall what, MemorySegment header, MemorySegment sets) {
    long result = Syscall.call(what, header.address(), sets.address(), 0, 0, 0, 0);
    if (result < 0) {
      throw Bpf.failure(result, "to change the thread's capabilities");
    }
  }
}
