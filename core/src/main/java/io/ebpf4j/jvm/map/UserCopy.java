package io.ebpf4j.jvm.map;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Copies between users and map values. What is 2, 4 or a few times 8 bytes is copied by plain loads
 * and stores of that width, so that a counter that a program adds to is never seen half written.
 */
final class UserCopy {
  private static final int WORDS_BYTES = 64;

  private UserCopy() {}

  static void copy(
      MemorySegment from, long fromOffset, MemorySegment to, long toOffset, long bytes) {
    if (bytes == 8) {
      to.set(JAVA_LONG_UNALIGNED, toOffset, from.get(JAVA_LONG_UNALIGNED, fromOffset));
    } else if (bytes == 4) {
      to.set(JAVA_INT_UNALIGNED, toOffset, from.get(JAVA_INT_UNALIGNED, fromOffset));
    } else if (bytes == 2) {
      to.set(JAVA_SHORT_UNALIGNED, toOffset, from.get(JAVA_SHORT_UNALIGNED, fromOffset));
    } else if (bytes % Long.BYTES == 0 && bytes <= WORDS_BYTES) {
      for (long done = 0; done < bytes; done += Long.BYTES) {
        to.set(
            JAVA_LONG_UNALIGNED, toOffset + done, from.get(JAVA_LONG_UNALIGNED, fromOffset + done));
      }
    } else {
      MemorySegment.copy(from, fromOffset, to, toOffset, bytes);
    }
  }
}
