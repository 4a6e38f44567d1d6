package io.ebpf4j.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;

/**
 * Waits until one of some descriptors can be read, by epoll(7), or until somebody calls {@link
 * #wake}. One thread waits at a time.
 */
final class Wakeup implements AutoCloseable {
  private static final int CLOEXEC = 0x80000;
  private static final int EPOLL_CTL_ADD = 1;
  private static final int EPOLLIN = 1;

  /** The longer one of the two layouts that {@code struct epoll_event} has. */
  private static final int EVENT_BYTES = 16;

  /** An interrupt is seen after a slice. */
  private static final long SLICE_MILLIS = 20;

  private final int epoll;
  private final int event;

  Wakeup() {
    epoll = opened(Syscall.call(SystemCall.EPOLL_CREATE1, CLOEXEC, 0, 0, 0, 0, 0));
    try {
      event = opened(Syscall.call(SystemCall.EVENTFD2, 0, CLOEXEC, 0, 0, 0, 0));
    } catch (RuntimeException failure) {
      Bpf.closeFd(epoll);
      throw failure;
    }
    add(event);
  }

  /** Waits for a descriptor as well. */
  void add(int fd) {
    try (Bpf bpf = new Bpf()) {
      MemorySegment entry = bpf.buffer(EVENT_BYTES);
      entry.set(ValueLayout.JAVA_INT, 0, EPOLLIN);
      opened(Syscall.call(SystemCall.EPOLL_CTL, epoll, EPOLL_CTL_ADD, fd, entry.address(), 0, 0));
    }
  }

  /** Waits for at most that long, and not much longer than until the thread is interrupted. */
  void await(long nanos) {
    long deadline = System.nanoTime() + nanos;
    try (Bpf bpf = new Bpf()) {
      MemorySegment ready = bpf.buffer(EVENT_BYTES);
      long left = nanos;
      while (left > 0 && !Thread.currentThread().isInterrupted()) {
        long millis = Math.min(SLICE_MILLIS, TimeUnit.NANOSECONDS.toMillis(left) + 1);
        if (Syscall.call(SystemCall.EPOLL_PWAIT, epoll, ready.address(), 1, millis, 0, 0) > 0) {
          return;
        }
        left = deadline - System.nanoTime();
      }
    }
  }

  /** Ends every wait from now on. */
  void wake() {
    try (Bpf bpf = new Bpf()) {
      MemorySegment one = bpf.buffer(Long.BYTES);
      one.set(ValueLayout.JAVA_LONG, 0, 1);
      Syscall.call(SystemCall.WRITE, event, one.address(), Long.BYTES, 0, 0, 0);
    }
  }

  @Override
  public void close() {
    Bpf.closeFd(event);
    Bpf.closeFd(epoll);
  }

  private static int opened(long result) {
    if (result < 0) {
      throw Bpf.failure(result, "to wait for events by epoll");
    }
    return (int) result;
  }
}
