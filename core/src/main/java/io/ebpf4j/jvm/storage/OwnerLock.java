package io.ebpf4j.jvm.storage;

import io.ebpf4j.jvm.map.StorageOwner;
import io.ebpf4j.jvm.memory.Memory;
import java.util.concurrent.locks.LockSupport;

/**
 * The lock of an owner's list of values: four bytes in its header, held for a few hundred
 * instructions, inside of which no program runs and no other owner's lock is taken.
 */
final class OwnerLock {
  private static final int SPINS = 200;
  private static final long PAUSE_NANOS = 1_000;

  private OwnerLock() {}

  static void lock(long owner) {
    for (int tries = 0;
        Memory.compareAndExchangeInt(owner + StorageOwner.LOCK_OFFSET, 0, 1) != 0;
        tries++) {
      if (tries < SPINS) {
        Thread.onSpinWait();
      } else {
        // The holder's thread may have lost its processor.
        LockSupport.parkNanos(PAUSE_NANOS);
      }
    }
  }

  static void unlock(long owner) {
    Memory.putIntRelease(owner + StorageOwner.LOCK_OFFSET, 0);
  }
}
