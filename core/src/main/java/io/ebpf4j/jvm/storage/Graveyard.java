package io.ebpf4j.jvm.storage;

import io.ebpf4j.jvm.memory.Cells;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.jvm.memory.Rcu;

/**
 * Elements that have been removed and that a program may still hold. They go back to the pool a
 * grace period later, those that come meanwhile together after the next one, so that a steady
 * coming and going makes no object for each. Thread safe.
 */
final class Graveyard {
  private final Rcu rcu;
  private final Cells pool;
  private final Runnable reap = this::reap;

  /** Came before the grace period that is under way began; 0 where none is. */
  private long waiting;

  private long young;

  Graveyard(Rcu rcu, Cells pool) {
    this.rcu = rcu;
    this.pool = pool;
  }

  void add(long element) {
    synchronized (this) {
      Memory.putLong(element + Element.NEXT_OF_MAP, young);
      young = element;
      if (waiting != 0) {
        return;
      }
      begin();
    }
    rcu.call(reap);
  }

  private void begin() {
    waiting = young;
    young = 0;
  }

  private void reap() {
    long element;
    boolean more;
    synchronized (this) {
      element = waiting;
      begin();
      more = waiting != 0;
    }
    if (more) {
      rcu.call(reap);
    }
    while (element != 0) {
      long next = Memory.getLong(element + Element.NEXT_OF_MAP);
      pool.free(element);
      element = next;
    }
  }
}
