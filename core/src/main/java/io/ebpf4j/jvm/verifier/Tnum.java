package io.ebpf4j.jvm.verifier;

/**
 * What is known of the bits of a number ("tristate number"): a bit that is set in {@code mask} may
 * be 0 or 1, every other is that of {@code value}. No bit is set in both.
 *
 * @param value the known bits
 * @param mask the unknown bits
 */
record Tnum(long value, long mask) {
  static final Tnum UNKNOWN = new Tnum(0, -1);
  static final Tnum ZERO = new Tnum(0, 0);

  private static final long LOW = 0xffff_ffffL;

  static Tnum constant(long value) {
    return new Tnum(value, 0);
  }

  /** The numbers from {@code min} to {@code max}, both unsigned. */
  static Tnum range(long min, long max) {
    long differing = min ^ max;
    int bits = Long.SIZE - Long.numberOfLeadingZeros(differing);
    if (bits > 63) {
      return UNKNOWN;
    }
    long low = (1L << bits) - 1;
    return new Tnum(min & ~low, low);
  }

  boolean isConstant() {
    return mask == 0;
  }

  boolean isUnknown() {
    return mask == -1;
  }

  boolean is(long number) {
    return mask == 0 && value == number;
  }

  /** The least number, unsigned. */
  long least() {
    return value;
  }

  /** The greatest number, unsigned. */
  long greatest() {
    return value | mask;
  }

  /** The least of these numbers above one, unsigned; the greatest where none is. */
  long next(long above) {
    if (Long.compareUnsigned(above, greatest()) >= 0) {
      return greatest();
    }
    if (Long.compareUnsigned(above, value) < 0) {
      return value;
    }
    long like = above & mask | value;
    // What the unknown bits cannot follow lies below the highest bit that differs.
    long differing = like ^ above;
    long below = differing == 0 ? 0 : -1L >>> Long.numberOfLeadingZeros(differing);
    if (Long.compareUnsigned(like, above) > 0) {
      return like & ~(below & mask);
    }
    return (like | ~mask | below) + 1 & mask | value;
  }

  boolean contains(long number) {
    return (number & ~mask) == value;
  }

  Tnum shiftLeft(int bits) {
    return new Tnum(value << bits, mask << bits);
  }

  Tnum shiftRight(int bits) {
    return new Tnum(value >>> bits, mask >>> bits);
  }

  /** An arithmetic shift of a number of 64 or 32 bits. */
  Tnum shiftRightSigned(int bits, int width) {
    if (width == Integer.SIZE) {
      return new Tnum((((int) value) >> bits) & LOW, (((int) mask) >> bits) & LOW);
    }
    return new Tnum(value >> bits, mask >> bits);
  }

  Tnum plus(Tnum other) {
    long masks = mask + other.mask;
    long values = value + other.value;
    long carries = (masks + values) ^ values;
    long unknown = carries | mask | other.mask;
    return new Tnum(values & ~unknown, unknown);
  }

  Tnum minus(Tnum other) {
    long difference = value - other.value;
    long borrows = (difference + mask) ^ (difference - other.mask);
    long unknown = borrows | mask | other.mask;
    return new Tnum(difference & ~unknown, unknown);
  }

  Tnum negated() {
    return ZERO.minus(this);
  }

  Tnum and(Tnum other) {
    long possible = greatest() & other.greatest();
    long certain = value & other.value;
    return new Tnum(certain, possible & ~certain);
  }

  Tnum or(Tnum other) {
    long certain = value | other.value;
    return new Tnum(certain, (mask | other.mask) & ~certain);
  }

  Tnum xor(Tnum other) {
    long unknown = mask | other.mask;
    return new Tnum((value ^ other.value) & ~unknown, unknown);
  }

  /** The product: a partial sum for each bit that may be set, either way where it is unknown. */
  Tnum times(Tnum other) {
    Tnum sum = ZERO;
    Tnum left = this;
    Tnum right = other;
    while (left.greatest() != 0) {
      if ((left.value & 1) != 0) {
        sum = sum.plus(right);
      } else if ((left.mask & 1) != 0) {
        sum = sum.union(sum.plus(right));
      }
      left = left.shiftRight(1);
      right = right.shiftLeft(1);
    }
    return sum;
  }

  /** What both may be; where they contradict each other, one of them wins. */
  Tnum intersect(Tnum other) {
    long known = value | other.value;
    long unknown = mask & other.mask;
    return new Tnum(known & ~unknown, unknown);
  }

  /** What one or the other may be. */
  Tnum union(Tnum other) {
    long unknown = mask | other.mask | (value ^ other.value);
    return new Tnum(value & ~unknown, unknown);
  }

  /** Whether some number is possible for both. */
  boolean overlaps(Tnum other) {
    long bothKnown = ~(mask | other.mask);
    return (value & bothKnown) == (other.value & bothKnown);
  }

  /** Whether every number of {@code other} is possible here. */
  boolean contains(Tnum other) {
    return (other.mask & ~mask) == 0 && value == (other.value & ~mask);
  }

  /** The lowest bytes, the rest zero. */
  Tnum truncated(int bytes) {
    if (bytes == Long.BYTES) {
      return this;
    }
    long keep = (1L << bytes * Byte.SIZE) - 1;
    return new Tnum(value & keep, mask & keep);
  }

  /** The lower 32 bits. */
  Tnum low() {
    return truncated(Integer.BYTES);
  }

  /** These upper 32 bits, the lower all zero. */
  Tnum withoutLow() {
    return shiftRight(Integer.SIZE).shiftLeft(Integer.SIZE);
  }

  /** These upper 32 bits with other lower ones. */
  Tnum withLow(Tnum lower) {
    return withoutLow().or(lower.low());
  }

  boolean isLowConstant() {
    return (mask & LOW) == 0;
  }

  /** Whether it is surely a multiple of a power of two. */
  boolean isAligned(long size) {
    return size == 0 || (greatest() & (size - 1)) == 0;
  }

  @Override
  public String toString() {
    if (mask == 0) {
      return Long.compareUnsigned(value, 0xffff) <= 0
          ? Long.toString(value)
          : "0x" + Long.toHexString(value);
    }
    return "(0x%x; 0x%x)".formatted(value, mask);
  }
}
