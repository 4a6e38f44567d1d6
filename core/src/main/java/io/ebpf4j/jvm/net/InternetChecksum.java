package io.ebpf4j.jvm.net;

/**
 * The Internet checksum (RFC 1071, RFC 1624) over little-endian words, in Linux's steps: a partial
 * sum is 32 bits wide, and which of its equal values comes out is seen by programs.
 */
final class InternetChecksum {
  private static final int SHORT_MASK = 0xffff;

  private InternetChecksum() {}

  /** The ones' complement sum of two partial sums. */
  static int add(int left, int right) {
    long sum = Integer.toUnsignedLong(left) + Integer.toUnsignedLong(right);
    return (int) (sum + (sum >>> Integer.SIZE));
  }

  /** A partial sum less another one. */
  static int subtract(int left, int right) {
    return add(left, ~right);
  }

  /** The checksum of a partial sum: folded to 16 bits and inverted. */
  static int fold(int sum) {
    int folded = (sum & SHORT_MASK) + (sum >>> Short.SIZE);
    folded = (folded & SHORT_MASK) + (folded >>> Short.SIZE);
    return ~folded & SHORT_MASK;
  }

  /** A checksum after a 16-bit word under it has changed. */
  static int replace2(int checksum, int from, int to) {
    return ~add16(add16(~checksum & SHORT_MASK, ~from & SHORT_MASK), to & SHORT_MASK) & SHORT_MASK;
  }

  /** A checksum after a 32-bit word under it has changed. */
  static int replace4(int checksum, int from, int to) {
    return fold(add(subtract(~checksum, from), to));
  }

  /** A checksum after what is under it has changed by a difference, as csum_diff gives it. */
  static int replaceByDifference(int checksum, int difference) {
    return fold(add(difference, ~checksum));
  }

  private static int add16(int left, int right) {
    int sum = left + right;
    return (sum + (sum >>> Short.SIZE)) & SHORT_MASK;
  }
}
