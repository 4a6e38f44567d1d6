package io.ebpf4j.jvm.map;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * A {@code bpf_spin_lock}: four bytes in a value, 0 while nobody holds it, else the number of the
 * holding CPU above 0, or -1 for a user.
 *
 * <p>A verified program holds a lock for a few instructions. One that was not verified may take it
 * twice or never free it: then waiting ends by an exception, not by a hang.
 */
final class SpinLock {
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final int USER = -1;
  private static final int SPINS = 100;
  private static final long PAUSE_NANOS = 1_000;
  private static final long PATIENCE_NANOS = 5_000_000_000L;

  private SpinLock() {}

  /**
   * Takes the lock at an address for a program.
   *
   * @throws BpfException EDEADLOCK where that CPU holds it, or somebody does for 5 seconds
   */
  static void lock(Cpu cpu, long address) {
    int holder = Memory.compareAndExchangeInt(address, 0, cpu.number() + 1);
    if (holder == cpu.number() + 1) {
      throw new BpfException(
          Errno.EDEADLOCK, "a program takes a bpf_spin_lock that it holds already");
    }
    long start = holder == 0 ? 0 : System.nanoTime();
    for (int tries = 0; holder != 0; tries++) {
      pause(tries, start);
      holder = Memory.compareAndExchangeInt(address, 0, cpu.number() + 1);
    }
  }

  /** Frees the lock at an address. */
  static void unlock(long address) {
    Memory.putIntRelease(address, 0);
  }

  /**
   * Takes a lock for a user.
   *
   * @throws BpfException EDEADLOCK where somebody holds it for 5 seconds
   */
  static void lock(MemorySegment values, long offset) {
    long start = System.nanoTime();
    for (int tries = 0; !INT.compareAndSet(values, offset, 0, USER); tries++) {
      pause(tries, start);
    }
  }

  /** Frees a lock for a user. */
  static void unlock(MemorySegment values, long offset) {
    INT.setRelease(values, offset, 0);
  }

  // The holder may be a thread that is not running: after a while its turn comes first.
  private static void pause(int tries, long start) {
    if (tries < SPINS) {
      Thread.onSpinWait();
      return;
    }
    if (System.nanoTime() - start > PATIENCE_NANOS) {
      throw new BpfException(
          Errno.EDEADLOCK, "a bpf_spin_lock has been held for 5 seconds and is not waited for");
    }
    LockSupport.parkNanos(PAUSE_NANOS);
  }
}
