package io.ebpf4j.jvm.storage;

import io.ebpf4j.jvm.map.SpecialFields;
import io.ebpf4j.jvm.map.StorageOwner;
import io.ebpf4j.jvm.memory.Cells;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The values of one map.
 *
 * <p>An owner's header leads to a list of its values, the newest first, and to a cache of {@value
 * #CACHE_SLOTS} entries, one of which is the map's: an owner with a single value needs none, as its
 * list is the answer. Lookups take no lock: they read addresses that were published with release,
 * and what is removed stays as it is for a grace period. Every change takes the owner's lock, and
 * the bucket's of the map inside it; the map's buckets find all values when it goes. Whoever takes
 * an element out of the lists, with the owner's lock held, is the one who frees it.
 */
final class OwnerValues {
  /** Entries of an owner's cache. */
  static final int CACHE_SLOTS = 16;

  private static final int BUCKETS = 16;
  private static final int UNINTERRUPTED = 1024;

  private final StorageMap map;
  private final Storage storage;
  private final long self;
  private final int cacheOffset;
  private final int valueSize;
  private final Cells pool;
  private final Graveyard graveyard;
  private final Bucket[] buckets = new Bucket[BUCKETS];
  private final AtomicLong size = new AtomicLong();

  private static final class Bucket {
    long first;
  }

  OwnerValues(StorageMap map, Storage storage, int cacheSlot) {
    this.map = map;
    this.storage = storage;
    this.self = map.address();
    this.cacheOffset = cacheSlot * Long.BYTES;
    this.valueSize = map.spec().valueSize();
    this.pool = storage.pool(Element.VALUE + valueSize);
    this.graveyard = new Graveyard(storage.machine().rcu(), pool);
    for (int i = 0; i < BUCKETS; i++) {
      buckets[i] = new Bucket();
    }
  }

  /** How many there are. */
  long size() {
    return size.get();
  }

  /** Bytes that the values of this map take. */
  long memoryBytes() {
    return size.get() * (Element.VALUE + Cells.HEADER_BYTES + ((valueSize + 7) & -8));
  }

  // The programs' side: addresses of owners that are held or seen in the RCU view.

  /** The address of the value of the owner whose structure lies there, or 0. */
  long find(long owner) {
    long element = Memory.getLongAcquire(owner + StorageOwner.VALUES_OFFSET);
    if (element == 0) {
      return 0;
    }
    return Memory.getLong(element + Element.MAP) == self
        ? element + Element.VALUE
        : findBehindFirst(owner, element);
  }

  private long findBehindFirst(long owner, long first) {
    long cache = Memory.getLongAcquire(owner + StorageOwner.CACHE_OFFSET);
    if (cache != 0) {
      long cached = Memory.getLongAcquire(cache + cacheOffset);
      if (cached != 0 && Memory.getLong(cached + Element.MAP) == self) {
        return cached + Element.VALUE;
      }
    }
    long element = search(first);
    if (element == 0) {
      return 0;
    }
    OwnerLock.lock(owner);
    if (Element.isLinked(element)) {
      putIntoCache(owner, element);
    }
    OwnerLock.unlock(owner);
    return element + Element.VALUE;
  }

  private long search(long first) {
    long element = first;
    while (element != 0 && Memory.getLong(element + Element.MAP) != self) {
      element = Memory.getLongAcquire(element + Element.NEXT_OF_OWNER);
    }
    return element;
  }

  private void putIntoCache(long owner, long element) {
    long cache = Memory.getLong(owner + StorageOwner.CACHE_OFFSET);
    if (cache == 0) {
      cache = storage.caches().allocate();
      Memory.putLongRelease(owner + StorageOwner.CACHE_OFFSET, cache);
    }
    Memory.putLongRelease(cache + cacheOffset, element);
  }

  /**
   * The address of the owner's value, which is made where there is none.
   *
   * @param initial address of what it then begins with, or 0 for zeroes
   * @return the address, or 0 where there can be none
   */
  long findOrCreate(long owner, long initial) {
    long found = find(owner);
    if (found != 0) {
      return found;
    }
    long element = newElement(owner);
    if (initial != 0) {
      map.fill(initial, element + Element.VALUE);
    }
    long result = publish(owner, element, MapFlags.NOEXIST);
    if (result != 0) {
      pool.free(element);
      // Another CPU may have been faster.
      return result == -Errno.EEXIST.number() ? find(owner) : 0;
    }
    return element + Element.VALUE;
  }

  /** Removes the owner's value, and says whether there was one. */
  boolean delete(long owner) {
    OwnerLock.lock(owner);
    long element = search(Memory.getLong(owner + StorageOwner.VALUES_OFFSET));
    if (element != 0) {
      unlink(owner, element);
    }
    OwnerLock.unlock(owner);
    if (element == 0) {
      return false;
    }
    graveyard.add(element);
    return true;
  }

  // The users' side: owners that are held.

  /** Copies the owner's value to the user, and says whether there is one. */
  boolean read(StorageOwner owner, MemorySegment value, boolean locked) {
    long address = owner.address();
    OwnerLock.lock(address);
    try {
      long element = search(Memory.getLong(address + StorageOwner.VALUES_OFFSET));
      if (element == 0) {
        return false;
      }
      map.specialFields()
          .toUser(Memory.segment(element + Element.VALUE, valueSize), 0, value, valueSize, locked);
      return true;
    } finally {
      OwnerLock.unlock(address);
    }
  }

  /**
   * Sets the owner's value from the user's: an element of its own takes the place of the old one,
   * which programs may still hold; with BPF_F_LOCK the old one is written.
   *
   * @return 0, or a negative errno: EEXIST, ENOENT, ENOMEM, EAGAIN where the owner has ended
   */
  long write(StorageOwner owner, MemorySegment value, long flags) {
    long address = owner.address();
    if ((flags & MapFlags.LOCK) != 0) {
      OwnerLock.lock(address);
      try {
        long old = search(Memory.getLong(address + StorageOwner.VALUES_OFFSET));
        if (old != 0 && (flags & MapFlags.NOEXIST) == 0) {
          copyFromUser(value, old, true);
          return 0;
        }
      } finally {
        OwnerLock.unlock(address);
      }
    }
    long element = newElement(address);
    long result;
    try {
      copyFromUser(value, element, false);
      result = publish(address, element, flags & ~MapFlags.LOCK);
    } catch (RuntimeException | Error failure) {
      pool.free(element);
      throw failure;
    }
    if (result != 0) {
      pool.free(element);
    }
    return result;
  }

  private void copyFromUser(MemorySegment value, long element, boolean locked) {
    SpecialFields fields = map.specialFields();
    fields.fromUser(
        value, Memory.segment(element + Element.VALUE, valueSize), 0, valueSize, locked);
  }

  /** A copy of the value for a socket that the owner has accepted; 0 or a negative errno. */
  long copyTo(long value, long child) {
    long element = newElement(child);
    map.fill(value, element + Element.VALUE);
    long result = publish(child, element, MapFlags.NOEXIST);
    if (result != 0) {
      pool.free(element);
    }
    return result;
  }

  // Lists.

  private long newElement(long owner) {
    long element = pool.allocate();
    Memory.putLong(element + Element.MAP, self);
    Memory.putLong(element + Element.OWNER, owner);
    return element;
  }

  /** Puts a new element into the lists, in place of the old one if there is one. */
  private long publish(long owner, long element, long flags) {
    long old;
    OwnerLock.lock(owner);
    try {
      if (Memory.getInt(owner + StorageOwner.ENDED_OFFSET) != 0) {
        return -Errno.EAGAIN.number();
      }
      long first = Memory.getLong(owner + StorageOwner.VALUES_OFFSET);
      old = search(first);
      if (old != 0 && flags == MapFlags.NOEXIST) {
        return -Errno.EEXIST.number();
      }
      if (old == 0 && flags == MapFlags.EXIST) {
        return -Errno.ENOENT.number();
      }
      if (!storage.charge(owner, Charges.of(valueSize, first == 0))) {
        return -Errno.ENOMEM.number();
      }
      linkToMap(owner, element);
      Memory.putInt(element + Element.LINKED, 1);
      Memory.putLong(element + Element.NEXT_OF_OWNER, first);
      Memory.putLongRelease(owner + StorageOwner.VALUES_OFFSET, element);
      if (old != 0) {
        unlink(owner, old);
      }
    } finally {
      OwnerLock.unlock(owner);
    }
    if (old != 0) {
      graveyard.add(old);
    }
    return 0;
  }

  private void linkToMap(long owner, long element) {
    Bucket bucket = bucket(owner);
    synchronized (bucket) {
      Memory.putLong(element + Element.NEXT_OF_MAP, bucket.first);
      if (bucket.first != 0) {
        Memory.putLong(bucket.first + Element.PREVIOUS_OF_MAP, element);
      }
      bucket.first = element;
    }
    size.incrementAndGet();
  }

  /** Takes an element out of its lists, the map's first; with the owner's lock held. */
  void unlink(long owner, long element) {
    Memory.putInt(element + Element.LINKED, 0);
    Bucket bucket = bucket(owner);
    synchronized (bucket) {
      long next = Memory.getLong(element + Element.NEXT_OF_MAP);
      long previous = Memory.getLong(element + Element.PREVIOUS_OF_MAP);
      if (previous == 0) {
        bucket.first = next;
      } else {
        Memory.putLong(previous + Element.NEXT_OF_MAP, next);
      }
      if (next != 0) {
        Memory.putLong(next + Element.PREVIOUS_OF_MAP, previous);
      }
    }
    size.decrementAndGet();
    long place = owner + StorageOwner.VALUES_OFFSET;
    long at = Memory.getLong(place);
    while (at != element) {
      place = at + Element.NEXT_OF_OWNER;
      at = Memory.getLong(place);
    }
    Memory.putLongRelease(place, Memory.getLong(element + Element.NEXT_OF_OWNER));
    long cache = Memory.getLong(owner + StorageOwner.CACHE_OFFSET);
    if (cache != 0 && Memory.getLong(cache + cacheOffset) == element) {
      Memory.putLongRelease(cache + cacheOffset, 0);
    }
    boolean last = Memory.getLong(owner + StorageOwner.VALUES_OFFSET) == 0;
    storage.uncharge(owner, Charges.of(valueSize, last));
  }

  /** Frees what {@link #unlink} has taken out, when nobody can hold it any more. */
  void bury(long element) {
    graveyard.add(element);
  }

  /** Removes the values of all owners. */
  void deleteAll() {
    for (Bucket bucket : buckets) {
      while (!deleteSome(bucket)) {
        Thread.onSpinWait();
      }
    }
  }

  /**
   * Removes some values. An owner may go at the same time, and its values with it: then both are
   * still there to be looked at, as this is a reader's section.
   */
  @SuppressWarnings("try") // What is kept is not named in the block.
  private boolean deleteSome(Bucket bucket) {
    try (Storage.Reading reading = storage.read()) {
      for (int i = 0; i < UNINTERRUPTED; i++) {
        long element;
        synchronized (bucket) {
          element = bucket.first;
        }
        if (element == 0) {
          return true;
        }
        long owner = Memory.getLong(element + Element.OWNER);
        OwnerLock.lock(owner);
        boolean linked = Element.isLinked(element);
        if (linked) {
          unlink(owner, element);
        }
        OwnerLock.unlock(owner);
        if (linked) {
          graveyard.add(element);
        }
      }
      return false;
    }
  }

  /** The owners that have a value, each held for the caller. */
  List<StorageOwner> owners() {
    List<StorageOwner> found = new ArrayList<>();
    for (Bucket bucket : buckets) {
      synchronized (bucket) {
        for (long element = bucket.first;
            element != 0;
            element = Memory.getLong(element + Element.NEXT_OF_MAP)) {
          StorageOwner owner =
              StorageOwner.at(storage.machine(), Memory.getLong(element + Element.OWNER));
          if (owner.tryRetain()) {
            found.add(owner);
          }
        }
      }
    }
    return found;
  }

  private Bucket bucket(long owner) {
    // Structures are some ten words apart: the low bits tell little.
    return buckets[(int) ((owner * 0x9E37_79B9_7F4A_7C15L) >>> 60)];
  }
}
