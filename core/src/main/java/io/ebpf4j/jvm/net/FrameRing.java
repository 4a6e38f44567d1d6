package io.ebpf4j.jvm.net;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A queue of frames of fixed length from several CPUs to one. Producers take a lock once for a
 * batch, as those of Linux's rings do; the consumer takes none. An element is 0 while it is free,
 * so that consumer and producers share no counter.
 */
final class FrameRing {
  private final AtomicLongArray frames;
  private final AtomicBoolean producing = new AtomicBoolean();
  private final AtomicInteger head = new AtomicInteger();
  private int tail;

  /** A ring for {@code capacity} frames, at least 1. */
  FrameRing(int capacity) {
    frames = new AtomicLongArray(capacity);
  }

  /** Begins to put frames in: no other producer does until {@link #unlock}. */
  void lock() {
    while (!producing.compareAndSet(false, true)) {
      Thread.onSpinWait();
    }
  }

  /** Ends what {@link #lock} began. */
  void unlock() {
    producing.setRelease(false);
  }

  /** Puts a frame in, unless the ring is full; says whether it did. Under the lock. */
  boolean put(long frame) {
    int at = tail;
    if (frames.getAcquire(at) != 0) {
      return false;
    }
    frames.setRelease(at, frame);
    tail = at + 1 == frames.length() ? 0 : at + 1;
    return true;
  }

  /** The oldest frame, taken out, or 0. For the one consumer. */
  long take() {
    int at = head.getPlain();
    long frame = frames.getAcquire(at);
    if (frame != 0) {
      frames.setRelease(at, 0);
      head.setPlain(at + 1 == frames.length() ? 0 : at + 1);
    }
    return frame;
  }

  /** Whether there was no frame. */
  boolean isEmpty() {
    return frames.get(head.getOpaque()) == 0;
  }
}
