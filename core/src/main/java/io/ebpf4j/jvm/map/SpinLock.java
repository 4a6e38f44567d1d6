package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.memory.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/** A {@code bpf_spin_lock}: four bytes in a value, 0 while nobody holds it. */
final class SpinLock {
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final int SPINS = 100;
  private static final long PAUSE_NANOS = 1_000;

  private SpinLock() {}

  /** Takes the lock at an address. */
  static void lock(long address) {
    int tries = 0;
    while (Memory.compareAndExchangeInt(address, 0, 1) != 0) {
      pause(tries++);
    }
  }

  /** Frees the lock at an address. */
  static void unlock(long address) {
    Memory.putIntRelease(address, 0);
  }

  /** Takes a lock for the user. */
  static void lock(MemorySegment values, long offset) {
    int tries = 0;
    while (!INT.compareAndSet(values, offset, 0, 1)) {
      pause(tries++);
    }
  }

  /** Frees a lock for the user. */
  static void unlock(MemorySegment values, long offset) {
    INT.setRelease(values, offset, 0);
  }

  // The holder may be a thread that is not running: after a while its turn comes first.
  private static void pause(int tries) {
    if (tries < SPINS) {
      Thread.onSpinWait();
    } else {
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }
}
