package io.ebpf4j.jvm.interpreter;

import java.util.Arrays;

/** Ranges that a run may touch because a helper handed them out, the newest last. */
final class Grants {
  private long[] lows = new long[8];
  private long[] highs = new long[8];
  private boolean[] writable = new boolean[8];
  private int size;

  int size() {
    return size;
  }

  /** Takes back all but the first {@code newSize}. */
  void truncate(int newSize) {
    size = newSize;
  }

  void add(long low, long high, boolean mayWrite) {
    if (size == lows.length) {
      lows = Arrays.copyOf(lows, size * 2);
      highs = Arrays.copyOf(highs, size * 2);
      writable = Arrays.copyOf(writable, size * 2);
    }
    lows[size] = low;
    highs[size] = high;
    writable[size++] = mayWrite;
  }

  /** The newest range in which the access lies whole, or -1. */
  int find(long address, long bytes) {
    for (int i = size - 1; i >= 0; i--) {
      if (address >= lows[i] && address <= highs[i] - bytes) {
        return i;
      }
    }
    return -1;
  }

  long low(int i) {
    return lows[i];
  }

  long high(int i) {
    return highs[i];
  }

  boolean writable(int i) {
    return writable[i];
  }
}
