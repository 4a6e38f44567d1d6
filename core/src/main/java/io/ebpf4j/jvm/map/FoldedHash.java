package io.ebpf4j.jvm.map;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.ebpf4j.jvm.memory.Memory;
import java.lang.foreign.MemorySegment;

/**
 * A hash of keys by 64-bit multiplications whose halves are folded together, with two secret words:
 * for hashes whose order nobody may rely on, in a third of the time that {@link Jenkins} takes.
 */
final class FoldedHash {
  private FoldedHash() {}

  /** The hash of a key of one word. */
  static int hash(long word, long secret, long factor) {
    long folded = fold(word ^ secret, factor);
    return (int) (folded ^ folded >>> 32);
  }

  /** The hash of bytes in raw memory. */
  static int hash(long address, int bytes, long secret, long factor) {
    long state = secret + bytes;
    int at = 0;
    for (; at + Long.BYTES <= bytes; at += Long.BYTES) {
      state = fold(state ^ Memory.getLong(address + at), factor);
    }
    long last = 0;
    for (int i = 0; at + i < bytes; i++) {
      last |= (Memory.getByte(address + at + i) & 0xffL) << 8 * i;
    }
    state = fold(state ^ last, factor);
    return (int) (state ^ state >>> 32);
  }

  /** The hash of a user's key, the same as of its bytes in raw memory. */
  static int hash(MemorySegment key, int bytes, long secret, long factor) {
    long state = secret + bytes;
    int at = 0;
    for (; at + Long.BYTES <= bytes; at += Long.BYTES) {
      state = fold(state ^ key.get(JAVA_LONG_UNALIGNED, at), factor);
    }
    long last = 0;
    for (int i = 0; at + i < bytes; i++) {
      last |= (key.get(JAVA_BYTE, at + i) & 0xffL) << 8 * i;
    }
    state = fold(state ^ last, factor);
    return (int) (state ^ state >>> 32);
  }

  private static long fold(long a, long b) {
    return a * b ^ Math.unsignedMultiplyHigh(a, b);
  }
}
