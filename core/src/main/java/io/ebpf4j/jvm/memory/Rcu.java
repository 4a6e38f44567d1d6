package io.ebpf4j.jvm.memory;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Grace periods by quiescent states. A reader is a {@link ReadSide}, one for each CPU of a kernel,
 * whose counter is odd while it is inside; a grace period has passed when every reader that was
 * inside at its start has left at least once. Readers write one counter of their own and never
 * wait.
 *
 * <p>A sleepable program stays inside its CPU's read side while it runs, so the tasks-trace flavour
 * is this one. Thread safe.
 */
public final class Rcu implements AutoCloseable {
  private final List<ReadSide> readers = new ArrayList<>();
  private final ArrayDeque<Runnable> callbacks = new ArrayDeque<>();
  private @Nullable Thread reclaimer;

  /** Makes a reader, outside. */
  public synchronized ReadSide newReader() {
    ReadSide reader = new ReadSide();
    readers.add(reader);
    return reader;
  }

  /** Runs {@code callback} on a thread of this class's own after a grace period. */
  public synchronized void call(Runnable callback) {
    callbacks.add(callback);
    if (reclaimer == null) {
      reclaimer = Thread.ofPlatform().daemon().name("ebpf4j-rcu").start(this::reclaim);
    }
  }

  /**
   * Waits for a grace period.
   *
   * @throws IllegalStateException where the calling thread is itself inside: it would wait forever
   */
  public void synchronize() {
    List<ReadSide> inside = new ArrayList<>();
    List<Long> seen = new ArrayList<>();
    synchronized (this) {
      for (ReadSide reader : readers) {
        long count = reader.count.get();
        if ((count & 1) != 0) {
          if (reader.owner == Thread.currentThread()) {
            throw new IllegalStateException("a thread inside a CPU waits for itself to leave it");
          }
          inside.add(reader);
          seen.add(count);
        }
      }
    }
    for (int i = 0; i < inside.size(); i++) {
      while (inside.get(i).count.get() == seen.get(i)) {
        LockSupport.parkNanos(50_000);
      }
    }
  }

  /** Whether the calling thread is a reader that is inside. */
  public synchronized boolean isInside() {
    return readers.stream().anyMatch(reader -> reader.owner == Thread.currentThread());
  }

  /** Waits until every callback given before has run. */
  public void barrier() {
    Thread running;
    synchronized (this) {
      running = reclaimer;
    }
    if (running != null && running != Thread.currentThread()) {
      boolean interrupted = false;
      while (running.isAlive()) {
        try {
          running.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Runs what is left after a last grace period. */
  @Override
  public void close() {
    barrier();
  }

  private void reclaim() {
    while (true) {
      List<Runnable> batch;
      synchronized (this) {
        if (callbacks.isEmpty()) {
          reclaimer = null;
          return;
        }
        batch = List.copyOf(callbacks);
        callbacks.clear();
      }
      synchronize();
      batch.forEach(Runnable::run);
    }
  }

  /** One reader: used by the thread that owns its CPU. */
  public static final class ReadSide {
    private final AtomicLong count = new AtomicLong();
    private volatile @Nullable Thread owner;

    private ReadSide() {}

    /** Enters; what is published now stays until {@link #exit}. */
    public void enter() {
      owner = Thread.currentThread();
      count.incrementAndGet();
    }

    /** Leaves: a quiescent state. */
    public void exit() {
      owner = null;
      count.setRelease(count.getPlain() + 1);
    }
  }
}
