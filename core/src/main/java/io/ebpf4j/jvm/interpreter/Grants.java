package io.ebpf4j.jvm.interpreter;

import io.ebpf4j.jvm.map.JvmMap;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Ranges that a run may touch because it was given them, by a helper or at its start, the newest
 * last.
 */
final class Grants {
  /** The name of a record that a program has reserved. */
  static final String RECORD = "a record";

  private long[] lows = new long[8];
  private long[] highs = new long[8];
  private boolean[] writable = new boolean[8];
  private String[] names = new String[8];
  private @Nullable JvmMap[] maps = new JvmMap[8];
  private int size;

  int size() {
    return size;
  }

  /** Takes back all but the first {@code newSize}. */
  void truncate(int newSize) {
    size = newSize;
  }

  /** Adds a range that is no part of a map. */
  void add(long low, long high, boolean mayWrite, String name) {
    add(low, high, mayWrite, name, null);
  }

  /** Adds a range of an element of a map. */
  void add(long low, long high, boolean mayWrite, String name, @Nullable JvmMap map) {
    if (size == lows.length) {
      lows = Arrays.copyOf(lows, size * 2);
      highs = Arrays.copyOf(highs, size * 2);
      writable = Arrays.copyOf(writable, size * 2);
      names = Arrays.copyOf(names, size * 2);
      maps = Arrays.copyOf(maps, size * 2);
    }
    lows[size] = low;
    names[size] = name;
    maps[size] = map;
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

  /** The record that begins at an address and was not given back, or -1. */
  int findRecord(long low) {
    for (int i = size - 1; i >= 0; i--) {
      if (lows[i] == low && names[i].equals(RECORD)) {
        return i;
      }
    }
    return -1;
  }

  /** Takes a range back that is not the newest: nothing lies in it any more. */
  void empty(int i) {
    lows[i] = 0;
    highs[i] = 0;
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

  /** What a message calls the range. */
  String name(int i) {
    JvmMap map = maps[i];
    return map == null ? names[i] : names[i] + " of map " + map.spec().name();
  }
}
