package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;

/**
 * What programs do with a RINGBUF: they reserve records in an order, one at a time, and submit or
 * discard them in any. The reader stops at the first that is not done. All thread safe.
 */
final class RingWriter {
  static final long NO_WAKEUP = 1;
  static final long FORCE_WAKEUP = 2;

  private static final long MAX_RECORD_BYTES = 0xffff_ffffL / 4;

  private final NarrowLock lock = new NarrowLock();
  private final long pages;
  private final long data;
  private final long mask;
  private final Runnable wakeup;

  // The oldest record that may not be done yet; guarded by the lock.
  private long pending;

  RingWriter(long pages, long mask, Runnable wakeup) {
    this.pages = pages;
    this.data = pages + RingBufferMap.PAGES_BEFORE_DATA * JvmMap.PAGE_BYTES;
    this.mask = mask;
    this.wakeup = wakeup;
  }

  /** As bpf_ringbuf_reserve: the address of a record's bytes, or 0. */
  long reserve(long size, long flags) {
    return flags != 0 ? 0 : reserve(size);
  }

  /** As bpf_ringbuf_output: 0, EINVAL or EAGAIN below 0. */
  long output(long bytes, long size, long flags) {
    if ((flags & ~(NO_WAKEUP | FORCE_WAKEUP)) != 0) {
      return -Errno.EINVAL.number();
    }
    long record = reserve(size);
    if (record == 0) {
      return -Errno.EAGAIN.number();
    }
    RawCopy.copy(bytes, record, size);
    commit(record, flags, 0);
    return 0;
  }

  /** As bpf_ringbuf_submit and, with the bit of what is discarded, bpf_ringbuf_discard. */
  void commit(long record, long flags, int discarded) {
    long header = record - RingBufferMap.HEADER_BYTES;
    int size = Memory.getInt(header) & ~RingBufferMap.BUSY;
    Memory.getAndSetInt(header, size | discarded);
    // A reader that has come so far may be waiting for this one.
    long read = Memory.getLongAcquire(RingBufferMap.consumerPosition(pages)) & mask;
    if ((flags & FORCE_WAKEUP) != 0 || read == header - data && (flags & NO_WAKEUP) == 0) {
      wakeup.run();
    }
  }

  /** As bpf_ringbuf_query. */
  long query(long what) {
    long written = Memory.getLongAcquire(RingBufferMap.producerPosition(pages));
    long read = Memory.getLongAcquire(RingBufferMap.consumerPosition(pages));
    if (what == 0) {
      return written - read;
    }
    if (what == 1) {
      return mask + 1;
    }
    if (what == 2) {
      return read;
    }
    return what == 3 ? written : 0;
  }

  private long reserve(long size) {
    if (Long.compareUnsigned(size, MAX_RECORD_BYTES) > 0) {
      return 0;
    }
    long length = length(size);
    if (length > mask + 1) {
      return 0;
    }
    long read = Memory.getLongAcquire(RingBufferMap.consumerPosition(pages));
    long producerPosition = RingBufferMap.producerPosition(pages);
    lock.lock();
    long at = Memory.getLong(producerPosition);
    long next = at + length;
    passDone(at);
    if (next - read > mask || next - pending > mask) {
      lock.unlock();
      return 0;
    }
    long header = data + (at & mask);
    Memory.putInt(header, (int) size | RingBufferMap.BUSY);
    Memory.putInt(header + Integer.BYTES, (int) ((header - pages) / JvmMap.PAGE_BYTES));
    Memory.putLongRelease(producerPosition, next);
    lock.unlock();
    return header + RingBufferMap.HEADER_BYTES;
  }

  private void passDone(long end) {
    while (pending < end) {
      int word = Memory.getIntAcquire(data + (pending & mask));
      if ((word & RingBufferMap.BUSY) != 0) {
        return;
      }
      pending += length(word & ~RingBufferMap.DISCARDED);
    }
  }

  /** Bytes of a record with its header. */
  static long length(long size) {
    return size + RingBufferMap.HEADER_BYTES + 7 & -8L;
  }
}
