package io.ebpf4j.jvm.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Blocks of zeroed raw memory that come one after the other and are freed by hand, together, after
 * the last reader has gone. Thread safe.
 */
public final class Blocks implements AutoCloseable {
  private final Arena arena = Arena.ofShared();

  @SuppressWarnings("restricted") // Accesses are at addresses that were given out.
  private final MemorySegment memory = MemorySegment.NULL.reinterpret(Long.MAX_VALUE, arena, null);

  private final AtomicLong size = new AtomicLong();

  /**
   * Allocates zeroed bytes and gives the address of the first.
   *
   * @param bytes at least 0
   * @param alignment a power of two
   * @throws OutOfMemoryError where the host has no such block
   */
  public long allocate(long bytes, long alignment) {
    long address = arena.allocate(Math.max(bytes, 1), alignment).address();
    size.addAndGet(bytes);
    return address;
  }

  /** Bytes of all blocks. */
  public long size() {
    return size.get();
  }

  /**
   * All memory, by address, for as long as the blocks are not freed: a user who comes too late gets
   * an {@link IllegalStateException} and touches nothing.
   */
  public MemorySegment memory() {
    return memory;
  }

  /** Frees all blocks. */
  @Override
  public void close() {
    arena.close();
  }
}
