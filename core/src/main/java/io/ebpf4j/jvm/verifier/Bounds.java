package io.ebpf4j.jvm.verifier;

/**
 * Keeps the five descriptions of a number consistent: what one of bits, signed and unsigned 64- and
 * 32-bit ranges says, the others learn. The order and the number of rounds are Linux's, since they
 * decide what is learnt.
 */
final class Bounds {
  private static final long LOW = 0xffff_ffffL;
  private static final long HIGH = ~LOW;
  private static final int ROUNDS = 3;

  private Bounds() {}

  /** Makes everything known of a register known everywhere. */
  static void sync(Register r) {
    fromBits(r);
    for (int round = 0; round < ROUNDS; round++) {
      deduceInt(r);
      deduceLong(r);
      deduceMixed(r);
    }
    toBits(r);
    fromBits(r);
  }

  /** Narrows the ranges to what the bits allow. */
  static void fromBits(Register r) {
    intFromBits(r);
    Tnum bits = r.bits;
    r.smin = Math.max(r.smin, bits.value() | bits.mask() & Long.MIN_VALUE);
    r.smax = Math.min(r.smax, bits.value() | bits.mask() & Long.MAX_VALUE);
    r.umin = umax(r.umin, bits.least());
    r.umax = umin(r.umax, bits.greatest());
    onlyNumber(r);
  }

  /** Where range and bits have but one number in common, it is that. */
  private static void onlyNumber(Register r) {
    long next = r.bits.next(r.umin);
    if (r.bits.contains(r.umin)) {
      if (Long.compareUnsigned(next, r.umax) > 0) {
        r.setKnown(r.umin);
      }
    } else if (next == r.bits.greatest()
        || (Long.compareUnsigned(next, r.umax) <= 0
            && Long.compareUnsigned(r.bits.next(next), r.umax) > 0)) {
      r.setKnown(next);
    }
  }

  static void intFromBits(Register r) {
    int value = (int) r.bits.value();
    int mask = (int) r.bits.mask();
    r.s32min = Math.max(r.s32min, value | mask & Integer.MIN_VALUE);
    r.s32max = Math.min(r.s32max, value | mask & Integer.MAX_VALUE);
    r.u32min = umax(r.u32min, value);
    r.u32max = umin(r.u32max, value | mask);
  }

  private static void deduceInt(Register r) {
    if (r.umin >>> 32 == r.umax >>> 32) {
      r.u32min = umax(r.u32min, (int) r.umin);
      r.u32max = umin(r.u32max, (int) r.umax);
      if ((int) r.umin <= (int) r.umax) {
        narrowSigned(r, (int) r.umin, (int) r.umax);
      }
    }
    if (r.smin >>> 32 == r.smax >>> 32) {
      if (Integer.compareUnsigned((int) r.smin, (int) r.smax) <= 0) {
        r.u32min = umax(r.u32min, (int) r.smin);
        r.u32max = umin(r.u32max, (int) r.smax);
      }
      if ((int) r.smin <= (int) r.smax) {
        narrowSigned(r, (int) r.smin, (int) r.smax);
      }
    }
    crossingZero(r, r.umin, r.umax);
    crossingZero(r, r.smin, r.smax);
    if (r.u32min <= r.u32max) {
      narrowSigned(r, r.u32min, r.u32max);
    }
    if (Integer.compareUnsigned(r.s32min, r.s32max) <= 0) {
      r.u32min = umax(r.u32min, r.s32min);
      r.u32max = umin(r.u32max, r.s32max);
    }
  }

  /** Two neighbouring upper halves, lower halves from a negative to a positive number. */
  private static void crossingZero(Register r, long min, long max) {
    if ((int) (min >>> 32) + 1 == (int) (max >>> 32) && (int) min < 0 && (int) max >= 0) {
      narrowSigned(r, (int) min, (int) max);
    }
  }

  private static void narrowSigned(Register r, int min, int max) {
    r.s32min = Math.max(r.s32min, min);
    r.s32max = Math.min(r.s32max, max);
  }

  private static void deduceLong(Register r) {
    if (r.umin <= r.umax) {
      r.smin = Math.max(r.smin, r.umin);
      r.smax = Math.min(r.smax, r.umax);
    }
    if (Long.compareUnsigned(r.smin, r.smax) <= 0) {
      r.umin = umax(r.smin, r.umin);
      r.umax = umin(r.smax, r.umax);
    } else if (Long.compareUnsigned(r.umax, r.smin) < 0) {
      // The signed range lies at both ends of the unsigned numbers, the unsigned one at the lower.
      r.smin = r.umin;
      r.umax = umin(r.umax, r.smax);
    } else if (Long.compareUnsigned(r.smax, r.umin) < 0) {
      r.smax = r.umax;
      r.umin = umax(r.umin, r.smin);
    }
  }

  private static void deduceMixed(Register r) {
    long low = r.u32min & LOW;
    long high = r.u32max & LOW;
    r.umin = umax(r.umin, r.umin & HIGH | low);
    r.umax = umin(r.umax, r.umax & HIGH | high);
    r.smin = Math.max(r.smin, r.smin & HIGH | low);
    r.smax = Math.min(r.smax, r.smax & HIGH | high);
    if (r.smin >= Integer.MIN_VALUE && r.smax <= Integer.MAX_VALUE && r.s32min >= 0) {
      // As Linux: the lower half's range takes the place of the whole's, even of a smaller one.
      r.smin = r.s32min;
      r.umin = r.s32min;
      r.smax = r.s32max;
      r.umax = r.s32max;
      r.bits = r.bits.intersect(Tnum.range(r.umin, r.umax));
    }
  }

  private static void toBits(Register r) {
    Tnum whole = r.bits.intersect(Tnum.range(r.umin, r.umax));
    Tnum low = whole.low().intersect(Tnum.range(r.u32min & LOW, r.u32max & LOW));
    r.bits = whole.withoutLow().or(low);
  }

  /** Whether no number fits what a register says, which happens in branches never taken. */
  static boolean contradicts(Register r) {
    if (Long.compareUnsigned(r.umin, r.umax) > 0
        || r.smin > r.smax
        || Integer.compareUnsigned(r.u32min, r.u32max) > 0
        || r.s32min > r.s32max) {
      return true;
    }
    if (r.bits.isConstant()) {
      long value = r.bits.value();
      if (r.umin != value || r.umax != value || r.smin != value || r.smax != value) {
        return true;
      }
    }
    if (r.bits.isLowConstant()) {
      int value = (int) r.bits.value();
      return r.u32min != value || r.u32max != value || r.s32min != value || r.s32max != value;
    }
    return false;
  }

  /** The upper half becomes zero. */
  static void zeroExtend(Register r) {
    r.bits = r.bits.low();
    r.umin = r.u32min & LOW;
    r.umax = r.u32max & LOW;
    if (r.s32min >= 0 && r.s32max >= 0) {
      r.smin = r.s32min;
      r.smax = r.s32max;
    } else {
      r.smin = 0;
      r.smax = LOW;
    }
  }

  /** All but the lowest bytes become zero. */
  static void truncate(Register r, int bytes) {
    r.bits = r.bits.truncated(bytes);
    long keep = (1L << bytes * Byte.SIZE) - 1;
    if ((r.umin & ~keep) == (r.umax & ~keep)) {
      r.umin &= keep;
      r.umax &= keep;
    } else {
      r.umin = 0;
      r.umax = keep;
    }
    r.smin = r.umin;
    r.smax = r.umax;
    if (bytes < Integer.BYTES) {
      r.setIntUnbounded();
    }
    sync(r);
  }

  /** The lowest bytes, sign-extended to 64 bits. */
  static void signExtend(Register r, int bytes) {
    int shift = Long.SIZE - bytes * Byte.SIZE;
    if (r.bits.isConstant()) {
      r.setKnown(r.bits.value() << shift >> shift);
      return;
    }
    int width = bytes * Byte.SIZE;
    if (r.smax >>> width == r.smin >>> width) {
      long first = r.smax << shift >> shift;
      long second = r.smin << shift >> shift;
      long min = Math.min(first, second);
      long max = Math.max(first, second);
      if (min >= 0 == max >= 0) {
        r.smin = min;
        r.umin = min;
        r.smax = max;
        r.umax = max;
        r.s32min = (int) min;
        r.u32min = (int) min;
        r.s32max = (int) max;
        r.u32max = (int) max;
        r.bits = Tnum.range(min, max);
        return;
      }
    }
    r.setUnbounded();
    r.bits = Tnum.UNKNOWN;
    r.smin = Long.MIN_VALUE >> shift;
    r.smax = Long.MAX_VALUE >> shift;
    r.s32min = (int) r.smin;
    r.s32max = (int) r.smax;
  }

  /** The lowest bytes, sign-extended to 32 bits; the upper half is to be zeroed after it. */
  static void signExtendToInt(Register r, int bytes) {
    int shift = Integer.SIZE - bytes * Byte.SIZE;
    if (r.bits.isConstant()) {
      int value = (int) r.bits.value() << shift >> shift;
      r.bits = Tnum.constant(value);
      r.s32min = value;
      r.s32max = value;
      r.u32min = value;
      r.u32max = value;
      return;
    }
    int width = bytes * Byte.SIZE;
    if (r.s32max >>> width == r.s32min >>> width) {
      int first = r.s32max << shift >> shift;
      int second = r.s32min << shift >> shift;
      int min = Math.min(first, second);
      int max = Math.max(first, second);
      if (min >= 0 == max >= 0) {
        r.s32min = min;
        r.s32max = max;
        r.u32min = min;
        r.u32max = max;
        r.bits = Tnum.range(min, max).low();
        return;
      }
    }
    r.setIntUnbounded();
    r.s32min = Integer.MIN_VALUE >> shift;
    r.s32max = Integer.MAX_VALUE >> shift;
    r.bits = Tnum.UNKNOWN.low();
  }

  /** Whether everything that {@code inner} may be is within the ranges of {@code outer}. */
  static boolean contains(Register outer, Register inner) {
    return Long.compareUnsigned(outer.umin, inner.umin) <= 0
        && Long.compareUnsigned(outer.umax, inner.umax) >= 0
        && outer.smin <= inner.smin
        && outer.smax >= inner.smax
        && Integer.compareUnsigned(outer.u32min, inner.u32min) <= 0
        && Integer.compareUnsigned(outer.u32max, inner.u32max) >= 0
        && outer.s32min <= inner.s32min
        && outer.s32max >= inner.s32max;
  }

  static long umin(long a, long b) {
    return Long.compareUnsigned(a, b) <= 0 ? a : b;
  }

  static long umax(long a, long b) {
    return Long.compareUnsigned(a, b) >= 0 ? a : b;
  }

  static int umin(int a, int b) {
    return Integer.compareUnsigned(a, b) <= 0 ? a : b;
  }

  static int umax(int a, int b) {
    return Integer.compareUnsigned(a, b) >= 0 ? a : b;
  }
}
