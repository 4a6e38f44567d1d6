package io.ebpf4j.pcap;

/**
 * How an interface of a pcapng file counts time: in units of 10<sup>-n</sup> or 2<sup>-n</sup>
 * seconds, with an offset in whole seconds (its options {@code if_tsresol} and {@code
 * if_tsoffset}).
 */
record TimestampUnit(boolean binary, int exponent, long offsetSeconds) {
  static final TimestampUnit MICROSECONDS = new TimestampUnit(false, 6, 0);

  private static final long NANOS_PER_SECOND = 1_000_000_000;

  /** The largest one as an unsigned number. */
  private static final long[] POWERS_OF_TEN = powersOfTen();

  /** The unit that an {@code if_tsresol} option's byte says: the top bit chooses powers of two. */
  static TimestampUnit ofResolution(byte resolution, long offsetSeconds) {
    return new TimestampUnit(resolution < 0, resolution & 0x7f, offsetSeconds);
  }

  /**
   * The unsigned {@code count} of these units as nanoseconds since 1970, or the nearest {@code
   * long} where they do not fit (from the year 2262 on).
   */
  long toNanos(long count) {
    long nanos = binary ? binaryToNanos(count) : decimalToNanos(count);
    return offsetSeconds == 0 ? nanos : saturatedSum(nanos, offsetSeconds);
  }

  private long decimalToNanos(long count) {
    if (exponent == 9) {
      return count < 0 ? Long.MAX_VALUE : count;
    }
    if (exponent < 9) {
      long factor = POWERS_OF_TEN[9 - exponent];
      return fits(Math.unsignedMultiplyHigh(count, factor), count * factor);
    }
    int surplus = exponent - 9;
    return surplus < POWERS_OF_TEN.length ? Long.divideUnsigned(count, POWERS_OF_TEN[surplus]) : 0;
  }

  private long binaryToNanos(long count) {
    long high = Math.unsignedMultiplyHigh(count, NANOS_PER_SECOND);
    long low = count * NANOS_PER_SECOND;
    if (exponent == 0) {
      return fits(high, low);
    }
    return exponent < 64
        ? fits(high >>> exponent, (high << (64 - exponent)) | (low >>> exponent))
        : high >>> (exponent - 64);
  }

  private static long fits(long high, long low) {
    return high != 0 || low < 0 ? Long.MAX_VALUE : low;
  }

  private static long saturatedSum(long nanos, long seconds) {
    long limit = Long.MAX_VALUE / NANOS_PER_SECOND;
    long offset = Math.clamp(seconds, -limit, limit) * NANOS_PER_SECOND;
    long sum = nanos + offset;
    return nanos >= 0 && offset >= 0 && sum < 0 ? Long.MAX_VALUE : sum;
  }

  private static long[] powersOfTen() {
    long[] powers = new long[20];
    powers[0] = 1;
    for (int power = 1; power < powers.length; power++) {
      powers[power] = 10 * powers[power - 1];
    }
    return powers;
  }
}
