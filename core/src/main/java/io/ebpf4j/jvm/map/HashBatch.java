package io.ebpf4j.jvm.map;

import io.ebpf4j.BpfMap.Batch;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * A batch lookup in a hash, with deletion or without: whole buckets at a time, each as it is at one
 * moment. The cursor is the number of the bucket where the next call goes on.
 */
final class HashBatch {
  private final HashElements map;
  private final HashChains chains;
  private final MemorySegment keys;
  private final MemorySegment values;
  private final int count;
  private final boolean locked;
  private final boolean delete;
  private int done;

  /** Of a map that the caller holds. */
  HashBatch(
      HashElements map,
      MemorySegment keys,
      MemorySegment values,
      int count,
      long flags,
      boolean delete) {
    this.map = map;
    this.chains = map.chains;
    this.keys = keys;
    this.values = values;
    this.count = count;
    this.locked = (flags & MapFlags.LOCK) != 0;
    this.delete = delete;
  }

  Batch run(@Nullable MemorySegment in, MemorySegment out) {
    if (count == 0) {
      return new Batch(0, false, null);
    }
    int bucket = in == null ? 0 : in.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    if (Integer.compareUnsigned(bucket, chains.count()) >= 0) {
      return new Batch(0, true, null);
    }
    while (bucket < chains.count() && copy(bucket)) {
      bucket++;
    }
    out.set(ValueLayout.JAVA_INT_UNALIGNED, 0, bucket);
    if (bucket < chains.count() && done == 0) {
      throw map.refusal(
          Errno.ENOSPC,
          "bucket %d has more than the %d elements that the batch has room for"
              .formatted(bucket, count));
    }
    return new Batch(done, bucket == chains.count(), null);
  }

  /** Copies a bucket, and says whether there was room for it. */
  private boolean copy(int bucket) {
    if (!HashChains.isElement(chains.first(bucket))) {
      return true;
    }
    long first = chains.lock(bucket);
    boolean taken = false;
    int elements = 0;
    try {
      for (long e = first; HashChains.isElement(e); e = HashChains.next(e)) {
        elements++;
      }
      if (elements > count - done) {
        return false;
      }
      int at = done;
      for (long e = first; HashChains.isElement(e); e = HashChains.next(e), at++) {
        map.keyToUser(e, keys, (long) at * map.spec().keySize());
        long size = map.userValueSize();
        map.toUser(e, values.asSlice(at * size, size), locked);
      }
      taken = delete;
    } finally {
      if (taken) {
        chains.clear(bucket);
      } else {
        chains.unlock(bucket, first);
      }
    }
    done += elements;
    if (taken) {
      free(first);
    }
    return true;
  }

  private void free(long first) {
    long element = first;
    while (HashChains.isElement(element)) {
      long next = HashChains.next(element);
      map.retire(element);
      map.reuse(element);
      element = next;
    }
  }
}
