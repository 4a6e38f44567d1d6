package io.ebpf4j;

import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A handle of a map, with the element operations of bpf(2). Keys are {@code keySize} bytes; values
 * are {@link #userValueSize} bytes: {@code valueSize}, or for a per-CPU map one value, padded to 8
 * bytes, for each possible CPU. Thread safe.
 */
public interface BpfMap extends Handle {
  /** What the map is, as it was created. */
  MapSpec spec();

  /** The name, at most 15 bytes. */
  default String name() {
    return spec().name();
  }

  /** What the kernel tells of it now. */
  MapInfo info();

  /** Bytes of a value as these operations move it. */
  int userValueSize();

  /** Bytes of memory that the map holds. */
  long memoryBytes();

  /** Whether {@link #freeze} was called. */
  boolean frozen();

  /**
   * Copies the value of a key, and says whether there is such a key.
   *
   * @param flags 0 or {@link io.ebpf4j.spec.MapFlags#LOCK}
   * @throws BpfException EINVAL for other flags, EPERM for a write-only map, ENOTSUPP where the
   *     type has no lookup
   */
  boolean lookup(MemorySegment key, MemorySegment value, long flags);

  /**
   * Gives the value at an index to a reader, where it lies if the kernel allows that: a map with
   * 4-byte keys. What the reader is given may change while it reads, and it must not keep it.
   *
   * @param index unsigned
   * @return what the reader gives, or null where there is no such element
   * @throws BpfException as {@link #lookup(MemorySegment, MemorySegment, long)}
   */
  default <V> @Nullable V read(int index, Function<MemorySegment, V> reader) {
    MemorySegment key = MemorySegment.ofArray(new byte[Integer.BYTES]);
    key.set(ValueLayout.JAVA_INT_UNALIGNED, 0, index);
    MemorySegment value = MemorySegment.ofArray(new byte[userValueSize()]);
    return lookup(key, value, MapFlags.ANY) ? reader.apply(value) : null;
  }

  /**
   * The number at an index: a map with 4-byte keys and values of 8 bytes. No object comes between.
   *
   * @param index unsigned
   * @throws BpfException ENOENT where there is no such element, and as {@link
   *     #lookup(MemorySegment, MemorySegment, long)}
   * @throws IllegalArgumentException where values have another size
   */
  default long readLong(int index) {
    if (userValueSize() != Long.BYTES) {
      throw new IllegalArgumentException(
          "map %s has values of %d bytes, a u64 has 8".formatted(name(), userValueSize()));
    }
    Long value = read(index, bytes -> bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, 0));
    if (value == null) {
      throw new BpfException(
          Errno.ENOENT,
          "map %s has no element %s".formatted(name(), Integer.toUnsignedString(index)));
    }
    return value;
  }

  /** The value of a key, or null where there is no such key. */
  default byte @Nullable [] lookup(byte[] key) {
    byte[] value = new byte[userValueSize()];
    return lookup(MemorySegment.ofArray(key), MemorySegment.ofArray(value), 0) ? value : null;
  }

  /**
   * Sets the value of a key.
   *
   * @param flags {@link io.ebpf4j.spec.MapFlags#ANY}, NOEXIST or EXIST, and LOCK
   * @throws BpfException as bpf(2): EINVAL, E2BIG, EEXIST, ENOENT, EPERM, EBADF
   */
  void update(MemorySegment key, MemorySegment value, long flags);

  /** Sets the value of a key, whether it exists or not. */
  default void update(byte[] key, byte[] value) {
    update(MemorySegment.ofArray(key), MemorySegment.ofArray(value), 0);
  }

  /**
   * Deletes a key, and says whether it was there.
   *
   * @throws BpfException EINVAL where the type's elements cannot be deleted, EPERM, E2BIG
   */
  boolean delete(MemorySegment key);

  /**
   * Copies the value of a key and deletes it, and says whether it was there.
   *
   * @throws BpfException ENOTSUPP where the type has no such operation
   */
  boolean lookupAndDelete(MemorySegment key, MemorySegment value, long flags);

  /**
   * Copies the key after {@code key}, or the first one where it is null or unknown, and says
   * whether there is one.
   */
  boolean nextKey(@Nullable MemorySegment key, MemorySegment next);

  /**
   * Looks up to {@code count} elements up from a cursor on, in the order of the keys.
   *
   * @param in the cursor of the call before, or null to begin
   * @param out where the next call goes on; as long as a key, at least 4 bytes
   * @return elements copied, and whether the end was reached
   * @throws BpfException ENOTSUPP where the type has no batch operations, EINVAL, EPERM; ENOSPC
   *     where a hash has more elements in one bucket than there is room for: ask for more
   */
  Batch lookupBatch(
      @Nullable MemorySegment in,
      MemorySegment out,
      MemorySegment keys,
      MemorySegment values,
      int count,
      long flags);

  /**
   * Sets {@code count} elements and gives how many were set; on an error after the first the batch
   * says which.
   */
  Batch updateBatch(MemorySegment keys, MemorySegment values, int count, long flags);

  /**
   * As {@link #lookupBatch}, and deletes what it copied.
   *
   * @throws BpfException ENOTSUPP where the type has no such operation, and as a batch lookup
   */
  Batch lookupAndDeleteBatch(
      @Nullable MemorySegment in,
      MemorySegment out,
      MemorySegment keys,
      MemorySegment values,
      int count,
      long flags);

  /**
   * Deletes {@code count} keys; on an error after the first, ENOENT for a key that is not there,
   * the batch says which.
   *
   * @throws BpfException ENOTSUPP where the type has no such operation, ENOENT, EINVAL, EPERM
   */
  Batch deleteBatch(MemorySegment keys, int count, long flags);

  /**
   * What a batch call did.
   *
   * @param count elements done
   * @param end whether there are no more (ENOENT in bpf(2))
   * @param error what stopped it in the middle, or null
   */
  record Batch(int count, boolean end, @Nullable BpfException error) {}

  /**
   * Ends updates by the user for good.
   *
   * @throws BpfException EBUSY where it was frozen already or a writable mapping is open, EPERM,
   *     ENOTSUPP
   */
  void freeze();

  /**
   * Maps the value area, shared, page-aligned.
   *
   * @param offset bytes, a multiple of the page size
   * @param length bytes, above 0
   * @throws BpfException EINVAL for a map without MMAPABLE, EPERM and EACCES for what the map
   *     forbids
   */
  Mapping mmap(long offset, long length, boolean writable);

  /** A live view of a map's memory, until it is closed. */
  interface Mapping extends AutoCloseable {
    /** The memory itself: every store of a program is seen at once, and the other way round. */
    MemorySegment segment();

    @Override
    void close();
  }
}
