package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.memory.Memory;

/**
 * A program's lookup in a HASH or LRU_HASH with keys of 4 or 8 bytes, for the compiler to call with
 * what is constant of the map. The same as {@link HashChains#find(long, int)}.
 */
public final class HashLookup {
  private static final long LOCKED = 2;

  private HashLookup() {}

  /** The value of a key of 4 bytes, or 0. */
  public static long find4(
      long key,
      long buckets,
      long mask,
      long secret,
      long factor,
      long keyOffset,
      long valueOffset) {
    int word = Memory.getInt(key);
    int hash = FoldedHash.hash(Integer.toUnsignedLong(word), secret, factor);
    long bucket = hash & mask;
    long element;
    do {
      element = Memory.getLongAcquire(buckets + bucket * Long.BYTES) & ~LOCKED;
      while (HashChains.isElement(element)) {
        if (Memory.getInt(element + keyOffset) == word) {
          return element + valueOffset;
        }
        element = HashChains.next(element);
      }
    } while (element != (bucket << 2 | 1));
    return 0;
  }

  /** The value of a key of 8 bytes, or 0. */
  public static long find8(
      long key,
      long buckets,
      long mask,
      long secret,
      long factor,
      long keyOffset,
      long valueOffset) {
    long word = Memory.getLong(key);
    int hash = FoldedHash.hash(word, secret, factor);
    long bucket = hash & mask;
    long element;
    do {
      element = Memory.getLongAcquire(buckets + bucket * Long.BYTES) & ~LOCKED;
      while (HashChains.isElement(element)) {
        if (Memory.getLong(element + keyOffset) == word) {
          return element + valueOffset;
        }
        element = HashChains.next(element);
      }
    } while (element != (bucket << 2 | 1));
    return 0;
  }

  /** As {@link #find4}, which is a use of the key. */
  public static long use4(
      long key,
      long buckets,
      long mask,
      long secret,
      long factor,
      long keyOffset,
      long valueOffset) {
    long value = find4(key, buckets, mask, secret, factor, keyOffset, valueOffset);
    if (value != 0) {
      LruNodes.use(value - valueOffset);
    }
    return value;
  }

  /** As {@link #find8}, which is a use of the key. */
  public static long use8(
      long key,
      long buckets,
      long mask,
      long secret,
      long factor,
      long keyOffset,
      long valueOffset) {
    long value = find8(key, buckets, mask, secret, factor, keyOffset, valueOffset);
    if (value != 0) {
      LruNodes.use(value - valueOffset);
    }
    return value;
  }
}
