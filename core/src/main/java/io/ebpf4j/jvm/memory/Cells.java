package io.ebpf4j.jvm.memory;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Raw memory in cells of one size, for objects that come and go by the million. Cells are cut from
 * larger chunks, a freed one is the next to be given out, and a chunk without cells in use goes
 * back to the host, but for one that is kept for what comes next.
 *
 * <p>Eight bytes in front of each cell hold the number of its chunk. Thread safe.
 */
public final class Cells implements AutoCloseable {
  /** What freed cells are filled with where that was asked for. */
  public static final byte POISON = 0x6b;

  /** Bytes that each cell takes besides its own. */
  public static final int HEADER_BYTES = Long.BYTES;

  private static final int FIRST_CHUNK_BYTES = 1 << 12;
  private static final int MAX_CHUNK_BYTES = 1 << 18;

  private final int cellBytes;
  private final int stride;
  private final boolean poisoned;
  private final List<@Nullable Chunk> chunks = new ArrayList<>();
  private final Deque<Integer> unusedNumbers = new ArrayDeque<>();
  private final Deque<Chunk> withFreeCells = new ArrayDeque<>();
  private int nextChunkBytes = FIRST_CHUNK_BYTES;
  private long inUse;
  private long chunkBytes;
  private @Nullable Chunk spare;

  private static final class Chunk {
    final Block block;
    final int number;
    final int cells;

    /** Address of the first free cell, which holds the address of the next. */
    long free;

    int used;

    Chunk(Block block, int number, int cells) {
      this.block = block;
      this.number = number;
      this.cells = cells;
    }
  }

  /**
   * No cells yet.
   *
   * @param cellBytes bytes of a cell, at least 1
   * @param poisoned whether a freed cell is filled with {@link #POISON}, so that who still looks at
   *     it is found out
   */
  public Cells(int cellBytes, boolean poisoned) {
    this.cellBytes = (Math.max(cellBytes, 1) + Long.BYTES - 1) & -Long.BYTES;
    this.stride = this.cellBytes + HEADER_BYTES;
    this.poisoned = poisoned;
  }

  /**
   * A cell of zeroed bytes, aligned to 8.
   *
   * @throws OutOfMemoryError where the host has no memory for it
   */
  public long allocate() {
    long cell;
    synchronized (this) {
      Chunk chunk = withFreeCells.peekFirst();
      if (chunk == null) {
        chunk = newChunk();
        withFreeCells.addFirst(chunk);
      }
      if (chunk == spare) {
        spare = null;
      }
      cell = chunk.free;
      chunk.free = Memory.getLong(cell);
      chunk.used++;
      if (chunk.used == chunk.cells) {
        withFreeCells.removeFirst();
      }
      inUse++;
    }
    Memory.fill(cell, cellBytes, (byte) 0);
    return cell;
  }

  /** Takes back a cell that nobody looks at any more. */
  public void free(long cell) {
    if (poisoned) {
      Memory.fill(cell, cellBytes, POISON);
    }
    Chunk left = null;
    synchronized (this) {
      Chunk chunk = chunks.get((int) Memory.getLong(cell - HEADER_BYTES));
      if (chunk == null) {
        throw new IllegalStateException("no cell lies at 0x%x".formatted(cell));
      }
      Memory.putLong(cell, chunk.free);
      chunk.free = cell;
      if (chunk.used == chunk.cells) {
        withFreeCells.addFirst(chunk);
      }
      chunk.used--;
      inUse--;
      if (chunk.used == 0) {
        left = spare;
        spare = chunk;
        if (left != null) {
          remove(left);
        }
      }
    }
    if (left != null) {
      left.block.close();
    }
  }

  /** The cell that an address lies in, or 0 for none: for who checks what a program touches. */
  public synchronized long find(long address) {
    for (Chunk chunk : chunks) {
      if (chunk != null) {
        long offset = address - chunk.block.address();
        if (offset >= 0 && offset < (long) chunk.cells * stride) {
          return address - offset % stride + HEADER_BYTES;
        }
      }
    }
    return 0;
  }

  /** Cells that have been given out. */
  public synchronized long inUse() {
    return inUse;
  }

  /** Bytes taken from the host. */
  public synchronized long hostBytes() {
    return chunkBytes;
  }

  /** Gives all memory back, when nobody looks at any cell. */
  @Override
  public synchronized void close() {
    for (Chunk chunk : chunks) {
      if (chunk != null) {
        chunk.block.close();
      }
    }
    chunks.clear();
    withFreeCells.clear();
    spare = null;
    chunkBytes = 0;
  }

  private Chunk newChunk() {
    int cells = Math.max(8, nextChunkBytes / stride);
    Block block = Block.allocate((long) cells * stride, Long.BYTES);
    nextChunkBytes = Math.min(2 * nextChunkBytes, MAX_CHUNK_BYTES);
    Integer reused = unusedNumbers.poll();
    int number = reused != null ? reused : chunks.size();
    Chunk chunk = new Chunk(block, number, cells);
    if (reused != null) {
      chunks.set(number, chunk);
    } else {
      chunks.add(chunk);
    }
    chunkBytes += block.size();
    for (int i = cells - 1; i >= 0; i--) {
      long cell = block.address() + (long) i * stride + HEADER_BYTES;
      Memory.putLong(cell - HEADER_BYTES, number);
      Memory.putLong(cell, chunk.free);
      chunk.free = cell;
    }
    return chunk;
  }

  private void remove(Chunk chunk) {
    withFreeCells.remove(chunk);
    chunks.set(chunk.number, null);
    unusedNumbers.add(chunk.number);
    chunkBytes -= chunk.block.size();
  }
}
