package io.ebpf4j.jvm.map;

import io.ebpf4j.BpfMap.Batch;
import io.ebpf4j.BpfMap.Mapping;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A map as the user of a descriptor sees it: what bpf(2) checks for every type, in Linux's order.
 * RDONLY and WRONLY are of the descriptor that creating the map gives; one that is opened later, by
 * a pin or by the id, allows everything. Thread safe.
 */
public final class MapUser {
  private final JvmMap map;
  private final Access access;

  MapUser(JvmMap map, Access access) {
    this.map = map;
    this.access = access;
  }

  /** What a descriptor allows. */
  enum Access {
    ALL,
    READ,
    WRITE;

    /** What the descriptor allows that creating the map gives. */
    static Access of(MapSpec spec) {
      if ((spec.flags() & MapFlags.RDONLY) != 0) {
        return READ;
      }
      return (spec.flags() & MapFlags.WRONLY) != 0 ? WRITE : ALL;
    }
  }

  /** As {@link io.ebpf4j.BpfMap#lookup(MemorySegment, MemorySegment, long)}. */
  public boolean lookup(MemorySegment key, MemorySegment value, long flags) {
    checkLookupFlags(flags);
    checkReadable();
    checkLock(flags);
    checkRoom("key", key, map.spec().keySize(), 1);
    checkRoom("value", value, map.userValueSize(), 1);
    return map.get(key, value, flags);
  }

  /** Where an array's values lie, as far as the user may read them there; null where he may not. */
  public @Nullable ArrayValues arrayValues() {
    return access == Access.WRITE ? null : map.arrayValues();
  }

  /** As {@link io.ebpf4j.BpfMap#update(MemorySegment, MemorySegment, long)}. */
  public void update(MemorySegment key, MemorySegment value, long flags) {
    update(key, value, flags, null);
  }

  /**
   * As {@link #update(MemorySegment, MemorySegment, long)}, through a handle: what is put in may go
   * with it.
   */
  public void update(MemorySegment key, MemorySegment value, long flags, @Nullable Object handle) {
    map.writers().incrementAndGet();
    try {
      checkWritable();
      checkLock(flags);
      checkRoom("key", key, map.spec().keySize(), 1);
      checkRoom("value", value, map.userValueSize(), 1);
      map.set(key, value, flags, handle);
    } finally {
      map.writers().decrementAndGet();
    }
  }

  /** As {@link io.ebpf4j.BpfMap#delete}. */
  public boolean delete(MemorySegment key) {
    map.writers().incrementAndGet();
    try {
      checkWritable();
      checkRoom("key", key, map.spec().keySize(), 1);
      return map.remove(key);
    } finally {
      map.writers().decrementAndGet();
    }
  }

  /** As {@link io.ebpf4j.BpfMap#lookupAndDelete}. */
  public boolean lookupAndDelete(MemorySegment key, MemorySegment value, long flags) {
    checkLookupFlags(flags);
    checkReadable();
    checkWritable();
    checkLock(flags);
    checkRoom("key", key, map.spec().keySize(), 1);
    checkRoom("value", value, map.userValueSize(), 1);
    return map.take(key, value, flags);
  }

  /** As {@link io.ebpf4j.BpfMap#nextKey}. */
  public boolean nextKey(@Nullable MemorySegment key, MemorySegment next) {
    checkReadable();
    if (key != null) {
      checkRoom("key", key, map.spec().keySize(), 1);
    }
    checkRoom("next key", next, map.spec().keySize(), 1);
    return map.next(key, next);
  }

  /** As {@link io.ebpf4j.BpfMap#lookupBatch}. */
  public Batch lookupBatch(
      @Nullable MemorySegment in,
      MemorySegment out,
      MemorySegment keys,
      MemorySegment values,
      int count,
      long flags) {
    checkReadable();
    return lookupBatch(in, out, keys, values, count, flags, false);
  }

  /** As {@link io.ebpf4j.BpfMap#lookupAndDeleteBatch}. */
  public Batch lookupAndDeleteBatch(
      @Nullable MemorySegment in,
      MemorySegment out,
      MemorySegment keys,
      MemorySegment values,
      int count,
      long flags) {
    map.writers().incrementAndGet();
    try {
      checkReadable();
      checkWritable();
      return lookupBatch(in, out, keys, values, count, flags, true);
    } finally {
      map.writers().decrementAndGet();
    }
  }

  private Batch lookupBatch(
      @Nullable MemorySegment in,
      MemorySegment out,
      MemorySegment keys,
      MemorySegment values,
      int count,
      long flags,
      boolean delete) {
    checkBatch(delete ? map.hasBatchTaking() : map.hasBatch(), flags);
    checkRoom("cursor", out, map.cursorSize(), 1);
    if (in != null) {
      checkRoom("cursor", in, map.cursorSize(), 1);
    }
    checkRoom("keys", keys, map.spec().keySize(), count);
    checkRoom("values", values, map.userValueSize(), count);
    return map.lookupBatch(in, out, keys, values, count, flags, delete);
  }

  /** As {@link io.ebpf4j.BpfMap#deleteBatch}. */
  public Batch deleteBatch(MemorySegment keys, int count, long flags) {
    map.writers().incrementAndGet();
    try {
      checkWritable();
      checkBatch(map.hasBatchDeletion(), flags);
      checkRoom("keys", keys, map.spec().keySize(), count);
      return MapBatch.delete(map, keys, count);
    } finally {
      map.writers().decrementAndGet();
    }
  }

  /** As {@link io.ebpf4j.BpfMap#updateBatch}. */
  public Batch updateBatch(MemorySegment keys, MemorySegment values, int count, long flags) {
    map.writers().incrementAndGet();
    try {
      checkWritable();
      checkBatch(map.hasBatch(), flags);
      checkRoom("keys", keys, map.spec().keySize(), count);
      checkRoom("values", values, map.userValueSize(), count);
      return MapBatch.update(map, keys, values, count, flags);
    } finally {
      map.writers().decrementAndGet();
    }
  }

  /** As {@link io.ebpf4j.BpfMap#freeze}. */
  public void freeze() {
    if (!map.specialFields().isEmpty()) {
      throw map.refusal(
          Errno.ENOTSUPP,
          "a map with %s in its values cannot be frozen".formatted(map.specialFields()));
    }
    checkWritable();
    map.endUpdates();
  }

  /** As {@link io.ebpf4j.BpfMap#mmap}. */
  public Mapping mmap(long offset, long length, boolean writable) {
    if (offset < 0 || offset % JvmMap.PAGE_BYTES != 0 || length <= 0) {
      throw map.refusal(
          Errno.EINVAL,
          "a mapping starts at a multiple of %d and has at least a byte, not offset %d, length %d"
              .formatted(JvmMap.PAGE_BYTES, offset, length));
    }
    if (access == Access.WRITE) {
      throw map.refusal(Errno.EACCES, "users may only write it (WRONLY), and a mapping reads");
    }
    if (writable && access == Access.READ) {
      throw map.refusal(Errno.EACCES, "users may only read it (RDONLY)");
    }
    if (!map.specialFields().isEmpty()) {
      throw map.refusal(
          Errno.ENOTSUPP,
          "a map with %s in its values cannot be mapped".formatted(map.specialFields()));
    }
    return map.map(offset, length, writable, access);
  }

  private void checkLookupFlags(long flags) {
    if ((flags & ~MapFlags.LOCK) != 0) {
      throw map.refusal(
          Errno.EINVAL, "a lookup takes no flag but BPF_F_LOCK, not 0x%x".formatted(flags));
    }
  }

  private void checkReadable() {
    if (access == Access.WRITE) {
      throw map.refusal(Errno.EPERM, "users may only write it (WRONLY)");
    }
  }

  private void checkWritable() {
    if (access == Access.READ) {
      throw map.refusal(Errno.EPERM, "users may only read it (RDONLY)");
    }
    if (map.frozen()) {
      throw map.refusal(Errno.EPERM, "it is frozen");
    }
  }

  private void checkLock(long flags) {
    if ((flags & MapFlags.LOCK) != 0 && !map.specialFields().hasSpinLock()) {
      throw map.refusal(Errno.EINVAL, "BPF_F_LOCK needs a bpf_spin_lock in the value's BTF type");
    }
  }

  private void checkBatch(boolean there, long flags) {
    if (!there) {
      throw map.refusal(
          Errno.ENOTSUPP, "%s has no such batch operation".formatted(map.spec().type()));
    }
    if ((flags & ~MapFlags.LOCK) != 0) {
      throw map.refusal(
          Errno.EINVAL, "a batch takes no flag but BPF_F_LOCK, not 0x%x".formatted(flags));
    }
    checkLock(flags);
  }

  private void checkRoom(String what, MemorySegment segment, int size, int count) {
    if (count < 0 || segment.byteSize() < (long) size * count) {
      throw new IllegalArgumentException(
          "%s: %d %s of %d bytes do not fit into %d bytes"
              .formatted(map, count, what, size, segment.byteSize()));
    }
  }
}
