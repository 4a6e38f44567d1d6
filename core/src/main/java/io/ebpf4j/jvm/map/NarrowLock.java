package io.ebpf4j.jvm.map;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A lock for a few instructions: the holder waits for nobody but another such lock, in an order. It
 * is cheaper than one with a queue, and it is not taken twice by one thread.
 */
final class NarrowLock {
  private static final int SPINS = 100;

  private final AtomicInteger held = new AtomicInteger();

  void lock() {
    for (int tries = 0; held.get() != 0 || !held.compareAndSet(0, 1); tries++) {
      if (tries < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(1_000);
      }
    }
  }

  void unlock() {
    held.setRelease(0);
  }
}
