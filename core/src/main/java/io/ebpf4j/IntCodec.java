package io.ebpf4j;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Four bytes: also the index of an array's element. */
final class IntCodec implements Codec<Integer> {
  static final IntCodec INSTANCE = new IntCodec();

  private IntCodec() {}

  @Override
  public int size() {
    return Integer.BYTES;
  }

  @Override
  public Integer read(MemorySegment bytes) {
    return bytes.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
  }

  @Override
  public void write(Integer value, MemorySegment bytes) {
    bytes.set(ValueLayout.JAVA_INT_UNALIGNED, 0, value);
  }
}
