package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * How the elements of an array lie in memory, and which index a key is. Elements are contiguous,
 * each rounded up to 8 bytes. An array that is masked against speculation has room for a power of
 * two of them, so that {@code index & mask} is always inside.
 *
 * @param count elements that there are, unsigned 32 bits
 * @param allocated elements that there is room for
 * @param mask all bits that an index below {@code count} can have
 * @param elementSize bytes from element to element
 */
record ArrayLayout(long count, long allocated, long mask, long elementSize) {
  private static final long MAX_COUNT = 0xffff_ffffL;
  private static final long ADDRESSABLE_BYTES = 1L << 47;

  /**
   * The layout of a map whose sizes have been checked.
   *
   * @throws io.ebpf4j.BpfException E2BIG where the count cannot be rounded up to a power of two
   */
  static ArrayLayout of(MapSpec spec) {
    long count = Integer.toUnsignedLong(spec.maxEntries());
    long mask = count == 1 ? 0 : (Long.highestOneBit(count - 1) << 1) - 1;
    long allocated = spec.speculationMasked() ? mask + 1 : count;
    if (allocated > MAX_COUNT) {
      throw MapTypes.refusal(
          spec,
          Errno.E2BIG,
          "%d elements, masked against speculation, would be %d".formatted(count, allocated));
    }
    return new ArrayLayout(count, allocated, mask, roundedValueSize(spec));
  }

  /** Bytes of a value, rounded up to 8. */
  static long roundedValueSize(MapSpec spec) {
    return (Integer.toUnsignedLong(spec.valueSize()) + 7) & -8L;
  }

  /** Bytes of all elements that there is room for. */
  long bytes() {
    if (allocated > ADDRESSABLE_BYTES / elementSize) {
      throw new OutOfMemoryError(
          "%d elements of %d bytes are more than the address space"
              .formatted(allocated, elementSize));
    }
    return allocated * elementSize;
  }

  /** The index that the key at an address is. */
  static long index(long key) {
    return Integer.toUnsignedLong(Memory.getInt(key));
  }

  /** The index that a key is. */
  static long index(MemorySegment key) {
    return Integer.toUnsignedLong(key.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
  }

  /** The key after a key, or the first where there is none or it is past the end. */
  boolean next(@Nullable MemorySegment key, MemorySegment next) {
    long index = key == null ? count : index(key);
    if (index == count - 1) {
      return false;
    }
    next.set(ValueLayout.JAVA_INT_UNALIGNED, 0, (int) (index < count ? index + 1 : 0));
    return true;
  }
}
