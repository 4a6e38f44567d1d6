package io.ebpf4j.jvm.map;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The reading end of a RINGBUF, by turns of those who have it open and hold the map. */
final class RingConsumer {
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final long DATA = RingBufferMap.PAGES_BEFORE_DATA * JvmMap.PAGE_BYTES;

  private final RingBufferMap map;
  private final long mask;
  private final ReentrantLock turn = new ReentrantLock();
  private volatile @Nullable Thread waiting;

  RingConsumer(RingBufferMap map, long mask) {
    this.map = map;
    this.mask = mask;
  }

  /** Whose turn it is. */
  ReentrantLock turn() {
    return turn;
  }

  /** Wakes who waits. */
  void wake() {
    Thread thread = waiting;
    if (thread != null) {
      LockSupport.unpark(thread);
    }
  }

  /**
   * Passes records on, in whose turn it is. The memory of one is the writers' again when the next
   * is passed on.
   *
   * @return how many, at most {@code most}
   */
  int pass(Consumer<MemorySegment> records, int most) {
    MemorySegment pages = map.pages();
    long position = RingBufferMap.consumerPosition(0);
    long at = pages.get(ValueLayout.JAVA_LONG, position);
    int passed = 0;
    while (passed < most && at < (long) LONG.getAcquire(pages, RingBufferMap.producerPosition(0))) {
      long header = DATA + (at & mask);
      int word = (int) INT.getAcquire(pages, header);
      if ((word & RingBufferMap.BUSY) != 0) {
        break;
      }
      int size = word & ~RingBufferMap.DISCARDED;
      try {
        if ((word & RingBufferMap.DISCARDED) == 0) {
          passed++;
          records.accept(pages.asSlice(header + RingBufferMap.HEADER_BYTES, size));
        }
      } finally {
        at += RingWriter.length(size);
        LONG.setRelease(pages, position, at);
      }
    }
    return passed;
  }

  /** Waits in whose turn it is, unless there is a record; not longer than that. */
  void await(long nanos) {
    waiting = Thread.currentThread();
    // A writer looks for who waits behind its change, and this looks for changes behind it.
    VarHandle.fullFence();
    try {
      if (!isReady()) {
        LockSupport.parkNanos(map, nanos);
      }
    } finally {
      waiting = null;
    }
  }

  private boolean isReady() {
    MemorySegment pages = map.pages();
    long at = pages.get(ValueLayout.JAVA_LONG, RingBufferMap.consumerPosition(0));
    return at < (long) LONG.getAcquire(pages, RingBufferMap.producerPosition(0))
        && ((int) INT.getAcquire(pages, DATA + (at & mask)) & RingBufferMap.BUSY) == 0;
  }
}
