package io.ebpf4j.jvm.map;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.ebpf4j.jvm.memory.Blocks;
import io.ebpf4j.jvm.memory.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * The buckets of a hash: each a word that holds the address of the bucket's first element, which
 * holds the address of the next. The last has an odd number, the bucket's own marker.
 *
 * <p>Readers take no lock. Elements are used again at once, so a reader may be carried off into
 * another bucket; it sees that by the marker at the end and starts again. A writer locks a bucket
 * by a bit in its word. A new element is linked before the one that it replaces is unlinked, so
 * that a key that is there is always found.
 */
final class HashChains {
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final long LOCKED = 2;
  private static final int MARKER = 1;
  private static final int SPINS = 100;

  private final MemorySegment memory;
  private final long buckets;
  private final int count;
  private final boolean ordered;
  private final long secret;
  private final long factor;
  private final int keySize;
  private final int keyOffset;

  /**
   * Makes empty buckets.
   *
   * @param count a power of two, at most 2^30
   * @param seed of the hash of keys; 0 for the order that Linux has with a seed of 0
   */
  HashChains(HashLayout layout, Blocks blocks, int count, long seed) {
    this.memory = blocks.memory();
    this.buckets = blocks.allocate((long) count * Long.BYTES, 64);
    this.count = count;
    this.ordered = seed == 0;
    this.secret = seed * 0x9e3779b97f4a7c15L;
    this.factor = (seed ^ seed >>> 31) * 0xbf58476d1ce4e5b9L | 1;
    this.keySize = layout.keySize();
    this.keyOffset = layout.keyOffset();
    for (int bucket = 0; bucket < count; bucket++) {
      Memory.putLong(word(bucket), marker(bucket));
    }
  }

  /** Buckets. */
  int count() {
    return count;
  }

  /** The bucket of a hash. */
  int bucket(int hash) {
    return hash & count - 1;
  }

  /** The hash of the key at an address. */
  int hash(long key) {
    return switch (keySize) {
      case Integer.BYTES -> hash(Memory.getInt(key));
      case Long.BYTES -> hashLong(Memory.getLong(key));
      default ->
          ordered ? Jenkins.hash(key, keySize, 0) : FoldedHash.hash(key, keySize, secret, factor);
    };
  }

  /** The hash of a user's key. */
  int hash(MemorySegment key) {
    return switch (keySize) {
      case Integer.BYTES -> hash(key.get(JAVA_INT_UNALIGNED, 0));
      case Long.BYTES -> hashLong(key.get(JAVA_LONG_UNALIGNED, 0));
      default ->
          ordered ? Jenkins.hash(key, keySize, 0) : FoldedHash.hash(key, keySize, secret, factor);
    };
  }

  private int hash(int key) {
    return ordered
        ? Jenkins.hash(key, 0)
        : FoldedHash.hash(Integer.toUnsignedLong(key), secret, factor);
  }

  private int hashLong(long key) {
    return ordered ? Jenkins.hash(key, 0) : FoldedHash.hash(key, secret, factor);
  }

  /** How a program's lookup of values in the elements is done without a call. */
  LookupRecipe recipe(String method, long valueOffset) {
    boolean oneWord = keySize == Integer.BYTES || keySize == Long.BYTES;
    return ordered || !oneWord
        ? new LookupRecipe.Call()
        : new LookupRecipe.Function(
            HashLookup.class,
            method + keySize,
            List.of(buckets, (long) count - 1, secret, factor, (long) keyOffset, valueOffset));
  }

  /** The element of the key at an address, or 0. */
  long find(long key, int hash) {
    int bucket = bucket(hash);
    while (true) {
      long element = Memory.getLongAcquire(word(bucket)) & ~LOCKED;
      while (isElement(element)) {
        if (Memory.getInt(element + HashLayout.HASH) == hash && hasKey(element, key)) {
          return element;
        }
        element = Memory.getLongAcquire(element + HashLayout.NEXT);
      }
      if (element == marker(bucket)) {
        return 0;
      }
    }
  }

  /** As {@link #find(long, int)}, for a user who may come when the map has gone. */
  long find(MemorySegment key, int hash) {
    return keySize == Long.BYTES
        ? findWord(key.get(JAVA_LONG_UNALIGNED, 0), bucket(hash))
        : findBytes(key, hash);
  }

  private long findWord(long key, int bucket) {
    long element;
    do {
      element = (long) LONG.getAcquire(memory, word(bucket)) & ~LOCKED;
      while (isElement(element)) {
        if ((long) LONG.get(memory, element + keyOffset) == key) {
          return element;
        }
        element = (long) LONG.getAcquire(memory, element + HashLayout.NEXT);
      }
    } while (element != marker(bucket));
    return 0;
  }

  private long findBytes(MemorySegment key, int hash) {
    int bucket = bucket(hash);
    while (true) {
      long element = (long) LONG.getAcquire(memory, word(bucket)) & ~LOCKED;
      while (isElement(element)) {
        if (memory.get(ValueLayout.JAVA_INT, element + HashLayout.HASH) == hash
            && hasKey(element, key)) {
          return element;
        }
        element = (long) LONG.getAcquire(memory, element + HashLayout.NEXT);
      }
      if (element == marker(bucket)) {
        return 0;
      }
    }
  }

  /** The element behind one in its bucket, or 0; for a user. */
  long after(long element) {
    long next = (long) LONG.getAcquire(memory, element + HashLayout.NEXT);
    return isElement(next) ? next : 0;
  }

  /** The first element of a bucket or one after it, or 0; for a user. */
  long firstFrom(int bucket) {
    for (int i = bucket; i < count && i >= 0; i++) {
      long element = (long) LONG.getAcquire(memory, word(i)) & ~LOCKED;
      if (isElement(element)) {
        return element;
      }
    }
    return 0;
  }

  // For those who hold an element, or hold the bucket: first elements and next ones.

  /** The first element of a bucket, or its marker. */
  long first(int bucket) {
    return Memory.getLongAcquire(word(bucket)) & ~LOCKED;
  }

  /** What follows an element: another one, or a marker. */
  static long next(long element) {
    return Memory.getLongAcquire(element + HashLayout.NEXT);
  }

  /** Whether it is an element, no marker. */
  static boolean isElement(long element) {
    return (element & MARKER) == 0;
  }

  /** Locks a bucket and gives what {@link #first} gives. */
  long lock(int bucket) {
    long word = word(bucket);
    for (int tries = 0; ; tries++) {
      long head = Memory.getLongAcquire(word);
      if ((head & LOCKED) == 0
          && Memory.compareAndExchangeLong(word, head, head | LOCKED) == head) {
        return head;
      }
      if (tries < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(1_000);
      }
    }
  }

  /** Unlocks a bucket, which begins with that now. */
  void unlock(int bucket, long first) {
    Memory.putLongRelease(word(bucket), first);
  }

  /** The element of a key among those of a bucket that is locked, or 0. */
  long findLocked(long first, long key, int hash) {
    for (long element = first; isElement(element); element = next(element)) {
      if (Memory.getInt(element + HashLayout.HASH) == hash && hasKey(element, key)) {
        return element;
      }
    }
    return 0;
  }

  /** Puts an element in front and takes the one out that it replaces, if any; unlocks. */
  void putFirst(int bucket, long first, long element, long replaced) {
    if (first == replaced) {
      Memory.putLongRelease(element + HashLayout.NEXT, next(replaced));
    } else {
      Memory.putLongRelease(element + HashLayout.NEXT, first);
      if (replaced != 0) {
        Memory.putLongRelease(word(bucket), element | LOCKED);
        unlink(first, replaced);
      }
    }
    unlock(bucket, element);
  }

  /** Takes an element out of its bucket; unlocks. */
  void remove(int bucket, long first, long element) {
    if (first == element) {
      unlock(bucket, next(element));
    } else {
      unlink(first, element);
      unlock(bucket, first);
    }
  }

  /** Takes all elements out of a bucket; unlocks. */
  void clear(int bucket) {
    unlock(bucket, marker(bucket));
  }

  /** The bucket that an element with a key is in. */
  int bucketOf(long element) {
    return bucket(Memory.getInt(element + HashLayout.HASH));
  }

  private static void unlink(long first, long element) {
    long before = first;
    while (next(before) != element) {
      before = next(before);
    }
    Memory.putLongRelease(before + HashLayout.NEXT, next(element));
  }

  private boolean hasKey(long element, long key) {
    return switch (keySize) {
      case Integer.BYTES -> Memory.getInt(element + keyOffset) == Memory.getInt(key);
      case Long.BYTES -> Memory.getLong(element + keyOffset) == Memory.getLong(key);
      default -> RawCopy.equal(element + keyOffset, key, keySize);
    };
  }

  /** Whether an element has a user's key. */
  boolean hasKey(long element, MemorySegment key) {
    long at = element + keyOffset;
    return switch (keySize) {
      case Integer.BYTES -> memory.get(ValueLayout.JAVA_INT, at) == key.get(JAVA_INT_UNALIGNED, 0);
      case Long.BYTES -> memory.get(ValueLayout.JAVA_LONG, at) == key.get(JAVA_LONG_UNALIGNED, 0);
      default -> MemorySegment.mismatch(memory, at, at + keySize, key, 0, keySize) < 0;
    };
  }

  private long word(int bucket) {
    return buckets + (long) bucket * Long.BYTES;
  }

  private static long marker(int bucket) {
    return (long) bucket << 2 | MARKER;
  }
}
