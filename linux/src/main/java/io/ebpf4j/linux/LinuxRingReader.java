package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.RingReader;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads a RINGBUF of the Linux kernel: a page with the reader's position, a page with the programs'
 * position, then the records, mapped twice in a row so that none is cut in two.
 */
final class LinuxRingReader implements RingReader {
  private static final int PAGE_BYTES = 4096;
  private static final int HEADER_BYTES = 8;
  private static final int BUSY = 1 << 31;
  private static final int DISCARDED = 1 << 30;

  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

  private final String map;
  private final long mask;
  private final MapFile file;
  private final SharedMemory consumer;
  private final SharedMemory producer;
  private final Wakeup wakeup;
  private final AtomicBoolean closed = new AtomicBoolean();

  private LinuxRingReader(
      BpfMap map, MapFile file, SharedMemory consumer, SharedMemory producer, Wakeup wakeup) {
    this.map = map.toString();
    this.mask = map.spec().maxEntries() - 1L;
    this.file = file;
    this.consumer = consumer;
    this.producer = producer;
    this.wakeup = wakeup;
  }

  /**
   * Maps a ring.
   *
   * @throws BpfException EINVAL for another map type; what the kernel refuses
   */
  static LinuxRingReader open(BpfMap map) {
    if (map.spec().type() != MapType.RINGBUF) {
      throw new BpfException(Errno.EINVAL, "%s is no RINGBUF".formatted(map));
    }
    String refused = "to map the ring of " + map;
    long room = PAGE_BYTES + 2 * Integer.toUnsignedLong(map.spec().maxEntries());
    MapFile file = MapFile.reopen(map);
    @Nullable SharedMemory consumer = null;
    @Nullable SharedMemory producer = null;
    @Nullable Wakeup wakeup = null;
    try {
      consumer = SharedMemory.map(file.fd(), 0, PAGE_BYTES, true, refused);
      producer = SharedMemory.map(file.fd(), PAGE_BYTES, room, false, refused);
      wakeup = new Wakeup();
      wakeup.add(file.fd());
      return new LinuxRingReader(map, file, consumer, producer, wakeup);
    } catch (RuntimeException failure) {
      if (wakeup != null) {
        wakeup.close();
      }
      if (producer != null) {
        producer.close();
      }
      if (consumer != null) {
        consumer.close();
      }
      file.close();
      throw failure;
    }
  }

  @Override
  public synchronized int read(Consumer<MemorySegment> records, int most, Duration timeout) {
    if (most < 1) {
      throw new IllegalArgumentException("at least one record is read, not " + most);
    }
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      if (closed.get()) {
        throw new IllegalStateException("the reader of %s was closed".formatted(map));
      }
      int passed = pass(records, most);
      if (passed > 0) {
        return passed;
      }
      long left = deadline - System.nanoTime();
      if (left <= 0 || Thread.currentThread().isInterrupted()) {
        return 0;
      }
      wakeup.await(left);
    }
  }

  private int pass(Consumer<MemorySegment> records, int most) {
    long at = consumer.acquire(0);
    int passed = 0;
    while (passed < most && at < producer.acquire(0)) {
      long header = PAGE_BYTES + (at & mask);
      int word = (int) INT.getAcquire(producer.segment(), header);
      if ((word & BUSY) != 0) {
        break;
      }
      int length = word & ~DISCARDED;
      try {
        if ((word & DISCARDED) == 0) {
          passed++;
          records.accept(producer.segment().asSlice(header + HEADER_BYTES, length));
        }
      } finally {
        at += length + HEADER_BYTES + 7 & -8L;
        consumer.release(0, at);
      }
    }
    return passed;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      wakeup.wake();
      release();
    }
  }

  private synchronized void release() {
    wakeup.close();
    producer.close();
    consumer.close();
    file.close();
  }
}
