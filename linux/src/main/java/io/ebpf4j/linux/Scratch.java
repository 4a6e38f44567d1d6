package io.ebpf4j.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A thread's native memory for system calls, allocated once: taken from the top and given back in
 * reverse. What does not fit is left to the caller to allocate.
 */
final class Scratch {
  private static final int BYTES = 1 << 19;
  private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

  private final MemorySegment memory = Arena.ofAuto().allocate(BYTES, 8);
  private final MemorySegment errno = Arena.ofAuto().allocate(Syscall.STATE);
  private long top;

  /** The current thread's. */
  static Scratch ofThread() {
    return OF_THREAD.get();
  }

  /** Where a system call leaves its errno. */
  MemorySegment errno() {
    return errno;
  }

  /** What is taken at the moment, for {@link #release}. */
  long mark() {
    return top;
  }

  /** Gives all back that was taken since a mark. */
  void release(long mark) {
    top = mark;
  }

  /** Whether that many bytes are left. */
  boolean fits(long bytes) {
    return bytes <= BYTES - top;
  }

  /** Bytes that {@link #fits} allows, aligned to 8, whatever they hold. */
  MemorySegment take(long bytes) {
    MemorySegment taken = memory.asSlice(top, bytes);
    top += bytes + 7 & -8L;
    return taken;
  }
}
