package io.ebpf4j.jvm.map;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import io.ebpf4j.jvm.map.JvmMap.ValueArea;
import io.ebpf4j.jvm.memory.Blocks;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.jvm.memory.Rcu;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The nodes of a trie in raw memory: the addresses of two children, the bits of the prefix, whether
 * the node has a value, the prefix's bytes, the value. A node that is taken out is used again after
 * a grace period. Guarded by the trie's lock, but for what readers read.
 */
final class TrieNodes {
  private static final int LENGTH = 16;
  private static final int HAS_VALUE = 20;
  private static final int DATA = 24;
  private static final long CHUNK_BYTES = 1 << 16;
  private static final int RETIRED_AT_ONCE = 256;

  private final Blocks blocks;
  private final NarrowLock lock;
  private final Rcu rcu;
  private final int dataSize;
  private final int valueOffset;
  private final int stride;
  private final int chunkNodes;
  private volatile List<Long> chunks = List.of();
  private long unused;
  private long unusedEnd;
  private long free;
  private List<Long> retired = new ArrayList<>();
  private boolean returning;

  TrieNodes(Blocks blocks, NarrowLock lock, Rcu rcu, int dataSize, int valueSize) {
    this.blocks = blocks;
    this.lock = lock;
    this.rcu = rcu;
    this.dataSize = dataSize;
    this.valueOffset = DATA + (dataSize + 7 & -8);
    this.stride = valueOffset + (valueSize + 7 & -8);
    this.chunkNodes = (int) Math.max(CHUNK_BYTES / stride, 1);
  }

  /** Where the address of a child lies. */
  static long childSlot(long node, int bit) {
    return node + (long) bit * Long.BYTES;
  }

  static long child(long node, int bit) {
    return Memory.getLongAcquire(childSlot(node, bit));
  }

  /** Bits of the prefix. */
  static int length(long node) {
    return Memory.getInt(node + LENGTH);
  }

  static boolean hasValue(long node) {
    return Memory.getInt(node + HAS_VALUE) != 0;
  }

  /** Keeps the node as a fork in the way. */
  static void dropValue(long node) {
    Memory.putIntRelease(node + HAS_VALUE, 0);
  }

  /** Where the prefix's bytes lie. */
  static long data(long node) {
    return node + DATA;
  }

  /** Where the value lies. */
  long value(long node) {
    return node + valueOffset;
  }

  /** A node with a value and no children, which the caller fills: bytes of the prefix, value. */
  long allocate(int length, boolean value) {
    long node = free;
    if (node != 0) {
      free = Memory.getLong(node);
    } else {
      if (unused == unusedEnd) {
        grow();
      }
      node = unused;
      unused += stride;
    }
    Memory.putLong(childSlot(node, 0), 0);
    Memory.putLong(childSlot(node, 1), 0);
    Memory.putInt(node + LENGTH, length);
    Memory.putInt(node + HAS_VALUE, value ? 1 : 0);
    return node;
  }

  /** Takes back a node that no reader has seen. */
  void free(long node) {
    Memory.putLong(node, free);
    free = node;
  }

  /** Takes back a node that readers may be at. */
  void retire(long node) {
    retired.add(node);
    if (retired.size() >= RETIRED_AT_ONCE && !returning) {
      returning = true;
      List<Long> batch = retired;
      retired = new ArrayList<>();
      rcu.call(() -> {
        lock.lock();
        batch.forEach(this::free);
        returning = false;
        lock.unlock();
      });
    }
  }

  /** Where values lie. */
  List<ValueArea> valueAreas(int valueSize, boolean readable, boolean writable) {
    return chunks.stream()
        .map(chunk ->
            new ValueArea(chunk + valueOffset, chunkNodes, stride, valueSize, readable, writable))
        .toList();
  }

  private void grow() {
    unused = blocks.allocate((long) chunkNodes * stride, 64);
    unusedEnd = unused + (long) chunkNodes * stride;
    List<Long> all = new ArrayList<>(chunks);
    all.add(unused);
    chunks = List.copyOf(all);
  }

  /** How many leading bits a node and a key have in common, at most those of both prefixes. */
  int match(long node, long data, int keyLength) {
    int most = Math.min(length(node), keyLength);
    if (dataSize == Integer.BYTES) {
      int different = Memory.getInt(node + DATA) ^ Memory.getInt(data);
      return Math.min(most, Integer.numberOfLeadingZeros(Integer.reverseBytes(different)));
    }
    int at = 0;
    for (; at + Long.BYTES <= dataSize && at * 8 < most; at += Long.BYTES) {
      long different = Memory.getLong(node + DATA + at) ^ Memory.getLong(data + at);
      if (different != 0) {
        return Math.min(most, at * 8 + Long.numberOfLeadingZeros(Long.reverseBytes(different)));
      }
    }
    for (; at < dataSize && at * 8 < most; at++) {
      int different = (Memory.getByte(node + DATA + at) ^ Memory.getByte(data + at)) & 0xff;
      if (different != 0) {
        return Math.min(most, at * 8 + Integer.numberOfLeadingZeros(different) - 24);
      }
    }
    return most;
  }

  /** As {@link #match(long, long, int)}, for a user: bytes of a key begin at an offset. */
  int match(MemorySegment memory, long node, MemorySegment key, long offset, int keyLength) {
    int most = Math.min(memory.get(JAVA_INT, node + LENGTH), keyLength);
    int at = 0;
    for (; at + Integer.BYTES <= dataSize && at * 8 < most; at += Integer.BYTES) {
      int different =
          memory.get(JAVA_INT_UNALIGNED, node + DATA + at)
              ^ key.get(JAVA_INT_UNALIGNED, offset + at);
      if (different != 0) {
        return Math.min(
            most, at * 8 + Integer.numberOfLeadingZeros(Integer.reverseBytes(different)));
      }
    }
    for (; at < dataSize && at * 8 < most; at++) {
      int different =
          (memory.get(JAVA_BYTE, node + DATA + at) ^ key.get(JAVA_BYTE, offset + at)) & 0xff;
      if (different != 0) {
        return Math.min(most, at * 8 + Integer.numberOfLeadingZeros(different) - 24);
      }
    }
    return most;
  }

  /** A bit of a prefix's bytes, the highest of the first byte is 0. */
  static int bit(long data, int number) {
    return Memory.getByte(data + (number >> 3)) >> 7 - (number & 7) & 1;
  }

  /** A bit of a user's key. */
  static int bit(MemorySegment key, long offset, int number) {
    return key.get(JAVA_BYTE, offset + (number >> 3)) >> 7 - (number & 7) & 1;
  }
}
