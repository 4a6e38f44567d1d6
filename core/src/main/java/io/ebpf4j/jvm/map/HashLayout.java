package io.ebpf4j.jvm.map;

import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;

/**
 * How an element of a hash lies in memory: the address of the next one in its bucket, the hash of
 * the key, for an LRU hash its links there, the key, and the value, or for a per-CPU hash the
 * address of CPU 0's value. An element that is not used has the next free one in place of the hash.
 *
 * @param keySize bytes of a key
 * @param keyOffset where it lies
 * @param valueOffset where the value lies, or its address
 * @param valueSize bytes of one value, rounded up to 8
 * @param stride bytes from element to element
 * @param perCpu whether each CPU has a value
 */
record HashLayout(
    int keySize, int keyOffset, int valueOffset, int valueSize, int stride, boolean perCpu) {
  /** Where the address of the next element lies, or the bucket's end marker. */
  static final int NEXT = 0;

  /** Where the 32 bits of the hash lie. */
  static final int HASH = 8;

  /** Where the address of the next free element lies. */
  static final int NEXT_FREE = 8;

  /** Where the links of an LRU hash lie. */
  static final int LRU = 16;

  private static final int LRU_BYTES = 16;
  private static final int HEADER_BYTES = 16;

  /** The layout of a map whose sizes have been checked. */
  static HashLayout of(MapSpec spec) {
    boolean perCpu = spec.type() == MapType.PERCPU_HASH || spec.type() == MapType.LRU_PERCPU_HASH;
    boolean lru = spec.type() == MapType.LRU_HASH || spec.type() == MapType.LRU_PERCPU_HASH;
    int keyOffset = HEADER_BYTES + (lru ? LRU_BYTES : 0);
    int valueOffset = keyOffset + rounded(spec.keySize());
    int valueSize = rounded(spec.valueSize());
    int stride = valueOffset + (perCpu ? Long.BYTES : valueSize);
    return new HashLayout(spec.keySize(), keyOffset, valueOffset, valueSize, stride, perCpu);
  }

  /** Whether all elements are there from the start. */
  static boolean preallocated(MapSpec spec) {
    return (spec.flags() & MapFlags.NO_PREALLOC) == 0;
  }

  private static int rounded(int bytes) {
    return bytes + 7 & -8;
  }
}
