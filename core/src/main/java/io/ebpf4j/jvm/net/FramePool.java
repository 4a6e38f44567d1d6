package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The frames of a kernel's devices: raw memory that goes round. Each CPU keeps some of its own, so
 * that taking one and giving it back are an array access; they go to and from the others in batches
 * under a lock. Frames are made when there are none, and freed with the kernel. Thread safe; a
 * {@link Cache} is for the thread on its CPU.
 */
final class FramePool implements AutoCloseable {
  /** Where a frame's page begins, behind its context block. */
  static final int PAGE_OFFSET = (XdpFrame.BLOCK_BYTES + 63) & -64;

  private static final int FRAME_BYTES = PAGE_OFFSET + XdpFrame.PAGE_BYTES;
  private static final int CHUNK_FRAMES = 128;
  private static final int BATCH = 64;

  private final List<Block> chunks = new ArrayList<>();
  private final List<Cache> caches = new ArrayList<>();
  private long[] shared = new long[CHUNK_FRAMES];
  private int sharedCount;

  /** A cache for a CPU. */
  synchronized Cache newCache() {
    Cache cache = new Cache();
    caches.add(cache);
    return cache;
  }

  /** Frames that are somewhere else than in the pool: exact while nobody takes any. */
  synchronized long inUse() {
    long idle = sharedCount;
    for (Cache cache : caches) {
      idle += cache.count;
    }
    return (long) chunks.size() * CHUNK_FRAMES - idle;
  }

  /** Bytes of raw memory that all frames have. */
  synchronized long bytes() {
    return (long) chunks.size() * CHUNK_FRAMES * FRAME_BYTES;
  }

  @Override
  public synchronized void close() {
    chunks.forEach(Block::close);
    chunks.clear();
    sharedCount = 0;
    caches.forEach(cache -> cache.count = 0);
  }

  private synchronized int refill(long[] into) {
    if (sharedCount < BATCH) {
      grow();
    }
    sharedCount -= BATCH;
    System.arraycopy(shared, sharedCount, into, 0, BATCH);
    return BATCH;
  }

  private synchronized void spill(long[] from, int offset) {
    if (sharedCount + BATCH > shared.length) {
      shared = Arrays.copyOf(shared, 2 * shared.length);
    }
    System.arraycopy(from, offset, shared, sharedCount, BATCH);
    sharedCount += BATCH;
  }

  private void grow() {
    Block chunk = Block.allocate((long) CHUNK_FRAMES * FRAME_BYTES, 64);
    chunks.add(chunk);
    if (sharedCount + CHUNK_FRAMES > shared.length) {
      shared = Arrays.copyOf(shared, 2 * shared.length);
    }
    for (int i = CHUNK_FRAMES - 1; i >= 0; i--) {
      long frame = chunk.address() + (long) i * FRAME_BYTES;
      Memory.putLong(frame + XdpFrame.HARD_START_OFFSET, frame + PAGE_OFFSET);
      shared[sharedCount++] = frame;
    }
  }

  /** The frames that one CPU keeps. */
  final class Cache {
    private final long[] frames = new long[2 * BATCH];
    private int count;

    private Cache() {}

    /** A frame that nobody else has, with an empty packet behind its headroom, without frags. */
    long take() {
      if (count == 0) {
        count = refill(frames);
      }
      long frame = frames[--count];
      long packet = frame + PAGE_OFFSET + XdpFrame.HEADROOM;
      Memory.putLong(frame + XdpFrame.DATA_META_OFFSET, packet);
      Memory.putLong(frame + XdpFrame.DATA_OFFSET, packet);
      Memory.putLong(frame + XdpFrame.DATA_END_OFFSET, packet);
      Memory.putLong(frame + XdpFrame.EGRESS_IFINDEX_OFFSET, 0);
      Memory.putLong(frame + XdpFrame.FRAGS_SIZE_OFFSET, 0);
      return frame;
    }

    /** Gives a frame and the frags that it was made with back. */
    void give(long frame) {
      int owned = Memory.getInt(frame + XdpFrame.OWNED_FRAGS_OFFSET);
      for (int i = 0; i < owned; i++) {
        put(XdpFrame.fragAddress(frame, i) - PAGE_OFFSET);
      }
      put(frame);
    }

    /** Puts one more frag behind a frame's packet, all of whose frags are full. */
    long addFrag(long frame) {
      long page = take() + PAGE_OFFSET;
      XdpFrame.addFrag(frame, page);
      return page;
    }

    private void put(long frame) {
      if (count == frames.length) {
        count -= BATCH;
        spill(frames, count);
      }
      frames[count++] = frame;
    }
  }
}
