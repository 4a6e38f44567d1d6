package io.ebpf4j.jvm.map;

import io.ebpf4j.BpfException;
import io.ebpf4j.RingReader;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Reads a RINGBUF of the kernel in the JVM, out of its own memory. */
public final class RingBufferReader implements RingReader {
  private final RingBufferMap map;
  private final RingConsumer consumer;
  private final AtomicBoolean closed = new AtomicBoolean();
  private boolean released;

  private RingBufferReader(RingBufferMap map) {
    this.map = map;
    this.consumer = map.consumer();
  }

  /**
   * Opens a ring, which the reader holds.
   *
   * @throws BpfException EINVAL for another map type
   */
  public static RingBufferReader open(JvmMap map) {
    if (!(map instanceof RingBufferMap ring) || map.spec().type() != MapType.RINGBUF) {
      throw new BpfException(
          Errno.EINVAL, "%s is no RINGBUF but %s".formatted(map, map.spec().type()));
    }
    ring.retain();
    return new RingBufferReader(ring);
  }

  @Override
  public int read(Consumer<MemorySegment> records, int most, Duration timeout) {
    if (most < 1) {
      throw new IllegalArgumentException("at least one record is read, not " + most);
    }
    long deadline = System.nanoTime() + timeout.toNanos();
    if (!takeTurn(timeout.toNanos())) {
      return 0;
    }
    try {
      while (true) {
        mustBeOpen();
        int passed = consumer.pass(records, most);
        if (passed > 0) {
          return passed;
        }
        long left = deadline - System.nanoTime();
        if (left <= 0 || Thread.currentThread().isInterrupted()) {
          return 0;
        }
        consumer.await(left);
      }
    } finally {
      consumer.turn().unlock();
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      consumer.wake();
      consumer.turn().lock();
      try {
        if (!released) {
          released = true;
          map.release();
        }
      } finally {
        consumer.turn().unlock();
      }
    }
  }

  private boolean takeTurn(long nanos) {
    try {
      return consumer.turn().tryLock() || consumer.turn().tryLock(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void mustBeOpen() {
    if (closed.get()) {
      throw new IllegalStateException("the reader of %s was closed".formatted(map));
    }
  }
}
