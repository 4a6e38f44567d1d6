package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.map.JvmMap.ValueArea;
import io.ebpf4j.jvm.memory.Block;

/**
 * Raw memory for the values of a device map, which programs read: room for all entries and for old
 * ones that programs may still look at. Thread safe.
 */
final class DeviceMapValues implements AutoCloseable {
  private static final int VALUE_BYTES = 8;
  private static final long MAX_OLD = 4096;
  private static final int MIN_OLD = 256;

  private final Block block;
  private final long count;
  private final int[] free;
  private long used;
  private int freeCount;

  /** Room for the values of {@code entries} entries. */
  DeviceMapValues(long entries) {
    count = entries + Math.min(entries, MAX_OLD) + MIN_OLD;
    block = Block.allocate(count * VALUE_BYTES, VALUE_BYTES);
    free = new int[(int) count];
  }

  /** The address of a value that nobody has, or 0. */
  synchronized long take() {
    if (freeCount > 0) {
      return block.address() + (long) free[--freeCount] * VALUE_BYTES;
    }
    return used == count ? 0 : block.address() + used++ * VALUE_BYTES;
  }

  /** Gives a value back. */
  synchronized void give(long value) {
    free[freeCount++] = (int) ((value - block.address()) / VALUE_BYTES);
  }

  /** Where values lie, for programs: they read them only. */
  ValueArea area(int valueSize) {
    return new ValueArea(block.address(), count, VALUE_BYTES, valueSize, true, false);
  }

  long bytes() {
    return block.size();
  }

  @Override
  public void close() {
    block.close();
  }
}
