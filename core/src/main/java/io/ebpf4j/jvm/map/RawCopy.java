package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.memory.Memory;

/**
 * Copies and comparisons of few bytes in raw memory, by words: a call into the JVM's own copy costs
 * more than the bytes. A word that is aligned on both sides is never seen half copied.
 */
final class RawCopy {
  private static final long WORDS_BYTES = 64;

  private RawCopy() {}

  /** Copies bytes; the ranges do not overlap. */
  static void copy(long from, long to, long bytes) {
    if (bytes > WORDS_BYTES) {
      Memory.copy(from, to, bytes);
      return;
    }
    long done = 0;
    for (; done + Long.BYTES <= bytes; done += Long.BYTES) {
      Memory.putLong(to + done, Memory.getLong(from + done));
    }
    if ((bytes & Integer.BYTES) != 0) {
      Memory.putInt(to + done, Memory.getInt(from + done));
      done += Integer.BYTES;
    }
    if ((bytes & Short.BYTES) != 0) {
      Memory.putShort(to + done, Memory.getShort(from + done));
      done += Short.BYTES;
    }
    if ((bytes & Byte.BYTES) != 0) {
      Memory.putByte(to + done, Memory.getByte(from + done));
    }
  }

  /** Whether the bytes are the same. */
  static boolean equal(long a, long b, int bytes) {
    int done = 0;
    for (; done + Long.BYTES <= bytes; done += Long.BYTES) {
      if (Memory.getLong(a + done) != Memory.getLong(b + done)) {
        return false;
      }
    }
    for (; done < bytes; done++) {
      if (Memory.getByte(a + done) != Memory.getByte(b + done)) {
        return false;
      }
    }
    return true;
  }
}
