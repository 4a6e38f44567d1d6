package io.ebpf4j.jvm.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A block of zeroed raw memory that is freed by hand, once, after the last reader has gone. Thread
 * safe.
 */
public final class Block implements AutoCloseable {
  private final Arena arena;
  private final MemorySegment segment;
  private final long address;

  private Block(Arena arena, MemorySegment segment) {
    this.arena = arena;
    this.segment = segment;
    this.address = segment.address();
  }

  /**
   * Allocates zeroed bytes.
   *
   * @param bytes at least 0
   * @param alignment a power of two
   * @throws OutOfMemoryError where the host has no such block
   */
  public static Block allocate(long bytes, long alignment) {
    Arena arena = Arena.ofShared();
    try {
      return new Block(arena, arena.allocate(Math.max(bytes, 1), alignment));
    } catch (Throwable failure) {
      arena.close();
      throw failure;
    }
  }

  /** The first byte's address. */
  public long address() {
    return address;
  }

  /** Bytes asked for. */
  public long size() {
    return segment.byteSize();
  }

  /** The block as a segment that is dead once the block is closed. */
  public MemorySegment segment() {
    return segment;
  }

  /** Frees the memory. */
  @Override
  public void close() {
    arena.close();
  }
}
