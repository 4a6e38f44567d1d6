package io.ebpf4j.jvm.verifier;

import static io.ebpf4j.isa.Isa.*;

/** What an arithmetic instruction makes of two numbers of which something is known. */
final class ScalarArithmetic {
  private static final long LOW = 0xffff_ffffL;

  private ScalarArithmetic() {}

  /**
   * Computes {@code left = left operation right}.
   *
   * @param operation the opcode's high four bits
   * @param word whether it is 32-bit arithmetic
   */
  static void apply(int operation, boolean word, Register left, Register right) {
    if (!isTracked(operation, word, right)) {
      left.setUnknown();
      return;
    }
    switch (operation) {
      case BPF_ADD -> add(left, right);
      case BPF_SUB -> subtract(left, right);
      case BPF_NEG -> {
        Register negated = left.copy();
        left.setConstant(0);
        subtractInt(left, negated);
        subtractLong(left, negated);
        left.bits = negated.bits.negated();
      }
      case BPF_MUL -> {
        left.bits = left.bits.times(right.bits);
        multiplyInt(left, right);
        multiplyLong(left, right);
      }
      case BPF_AND, BPF_OR, BPF_XOR -> bitwise(operation, left, right);
      default -> {
        int count = (int) right.umin;
        if (word) {
          shiftInt(operation, left, right.u32min);
        } else {
          shiftLong(operation, left, count);
        }
      }
    }
    if (word) {
      Bounds.zeroExtend(left);
    }
    Bounds.sync(left);
  }

  /** Divisions are not tracked, shifts only by a known count that is in range. */
  private static boolean isTracked(int operation, boolean word, Register right) {
    return switch (operation) {
      case BPF_ADD, BPF_SUB, BPF_NEG, BPF_AND, BPF_XOR, BPF_OR, BPF_MUL -> true;
      case BPF_LSH, BPF_RSH, BPF_ARSH -> {
        boolean known =
            word
                ? right.bits.isLowConstant()
                    && right.s32min == right.s32max
                    && right.u32min == right.u32max
                : right.bits.isConstant() && right.smin == right.smax && right.umin == right.umax;
        yield known && Long.compareUnsigned(right.umax, word ? 32 : 64) < 0;
      }
      default -> false;
    };
  }

  /** Exchanges the order of the lowest bytes, or keeps it; what lies above becomes zero. */
  static void convert(Register number, int bytes, boolean swaps) {
    if (swaps || bytes < Long.BYTES) {
      number.id = 0;
      number.offset = 0;
    }
    if (swaps) {
      int shift = Long.SIZE - bytes * Byte.SIZE;
      number.bits =
          new Tnum(
              Long.reverseBytes(number.bits.value()) >>> shift,
              Long.reverseBytes(number.bits.mask()) >>> shift);
      number.setUnbounded();
    }
    if (bytes < Long.BYTES) {
      Bounds.truncate(number, bytes);
    }
    Bounds.sync(number);
  }

  /** Adds two numbers; the caller makes the result consistent. */
  static void add(Register left, Register right) {
    addInt(left, right);
    addLong(left, right);
    left.bits = left.bits.plus(right.bits);
  }

  private static void addInt(Register l, Register r) {
    long smin = (long) l.s32min + r.s32min;
    long smax = (long) l.s32max + r.s32max;
    l.s32min = (int) smin;
    l.s32max = (int) smax;
    if (smin != (int) smin || smax != (int) smax) {
      l.s32min = Integer.MIN_VALUE;
      l.s32max = Integer.MAX_VALUE;
    }
    long umin = (l.u32min & LOW) + (r.u32min & LOW);
    long umax = (l.u32max & LOW) + (r.u32max & LOW);
    setUnsigned(l, umin, umax, umin <= LOW && umax > LOW);
  }

  private static void subtractInt(Register l, Register r) {
    long smin = (long) l.s32min - r.s32max;
    long smax = (long) l.s32max - r.s32min;
    l.s32min = (int) smin;
    l.s32max = (int) smax;
    if (smin != (int) smin || smax != (int) smax) {
      l.s32min = Integer.MIN_VALUE;
      l.s32max = Integer.MAX_VALUE;
    }
    long umin = (l.u32min & LOW) - (r.u32max & LOW);
    long umax = (l.u32max & LOW) - (r.u32min & LOW);
    setUnsigned(l, umin, umax, umin < 0 && umax >= 0);
  }

  private static void setUnsigned(Register l, long umin, long umax, boolean wraps) {
    l.u32min = wraps ? 0 : (int) umin;
    l.u32max = wraps ? -1 : (int) umax;
  }

  private static void addLong(Register l, Register r) {
    long smin = l.smin + r.smin;
    long smax = l.smax + r.smax;
    boolean overflows = addOverflows(l.smin, r.smin, smin) || addOverflows(l.smax, r.smax, smax);
    l.smin = overflows ? Long.MIN_VALUE : smin;
    l.smax = overflows ? Long.MAX_VALUE : smax;
    long umin = l.umin + r.umin;
    long umax = l.umax + r.umax;
    boolean minWraps = Long.compareUnsigned(umin, l.umin) < 0;
    boolean maxWraps = Long.compareUnsigned(umax, l.umax) < 0;
    l.umin = !minWraps && maxWraps ? 0 : umin;
    l.umax = !minWraps && maxWraps ? -1 : umax;
  }

  private static void subtract(Register left, Register right) {
    subtractInt(left, right);
    subtractLong(left, right);
    left.bits = left.bits.minus(right.bits);
  }

  private static void subtractLong(Register l, Register r) {
    long smin = l.smin - r.smax;
    long smax = l.smax - r.smin;
    boolean overflows =
        subtractOverflows(l.smin, r.smax, smin) || subtractOverflows(l.smax, r.smin, smax);
    l.smin = overflows ? Long.MIN_VALUE : smin;
    l.smax = overflows ? Long.MAX_VALUE : smax;
    long umin = l.umin - r.umax;
    long umax = l.umax - r.umin;
    boolean minWraps = Long.compareUnsigned(l.umin, r.umax) < 0;
    boolean maxWraps = Long.compareUnsigned(l.umax, r.umin) < 0;
    l.umin = minWraps && !maxWraps ? 0 : umin;
    l.umax = minWraps && !maxWraps ? -1 : umax;
  }

  static boolean addOverflows(long a, long b, long sum) {
    return ((a ^ sum) & (b ^ sum)) < 0;
  }

  static boolean subtractOverflows(long a, long b, long difference) {
    return ((a ^ b) & (a ^ difference)) < 0;
  }

  private static void multiplyInt(Register l, Register r) {
    long umax = (l.u32max & LOW) * (r.u32max & LOW);
    long umin = (l.u32min & LOW) * (r.u32min & LOW);
    boolean wraps = Long.compareUnsigned(umax, LOW) > 0 || Long.compareUnsigned(umin, LOW) > 0;
    l.u32min = wraps ? 0 : (int) umin;
    l.u32max = wraps ? -1 : (int) umax;
    long a = (long) l.s32min * r.s32min;
    long b = (long) l.s32min * r.s32max;
    long c = (long) l.s32max * r.s32min;
    long d = (long) l.s32max * r.s32max;
    long min = Math.min(Math.min(a, b), Math.min(c, d));
    long max = Math.max(Math.max(a, b), Math.max(c, d));
    boolean overflows = min != (int) min || max != (int) max;
    l.s32min = overflows ? Integer.MIN_VALUE : (int) min;
    l.s32max = overflows ? Integer.MAX_VALUE : (int) max;
  }

  private static void multiplyLong(Register l, Register r) {
    boolean wraps =
        Math.unsignedMultiplyHigh(l.umax, r.umax) != 0
            || Math.unsignedMultiplyHigh(l.umin, r.umin) != 0;
    long umin = l.umin * r.umin;
    long umax = l.umax * r.umax;
    l.umin = wraps ? 0 : umin;
    l.umax = wraps ? -1 : umax;
    if (multiplyOverflows(l.smin, r.smin)
        || multiplyOverflows(l.smin, r.smax)
        || multiplyOverflows(l.smax, r.smin)
        || multiplyOverflows(l.smax, r.smax)) {
      l.smin = Long.MIN_VALUE;
      l.smax = Long.MAX_VALUE;
      return;
    }
    long a = l.smin * r.smin;
    long b = l.smin * r.smax;
    long c = l.smax * r.smin;
    long d = l.smax * r.smax;
    l.smin = Math.min(Math.min(a, b), Math.min(c, d));
    l.smax = Math.max(Math.max(a, b), Math.max(c, d));
  }

  private static boolean multiplyOverflows(long a, long b) {
    return Math.multiplyHigh(a, b) != (a * b) >> 63;
  }

  private static void bitwise(int operation, Register l, Register r) {
    boolean intKnown = l.bits.isLowConstant() && r.bits.isLowConstant();
    boolean longKnown = l.bits.isConstant() && r.bits.isConstant();
    l.bits =
        switch (operation) {
          case BPF_AND -> l.bits.and(r.bits);
          case BPF_OR -> l.bits.or(r.bits);
          default -> l.bits.xor(r.bits);
        };
    if (intKnown) {
      l.setLowKnown((int) l.bits.value());
    } else {
      bitwiseInt(operation, l, r);
    }
    if (longKnown) {
      l.setKnown(l.bits.value());
    } else {
      bitwiseLong(operation, l, r);
    }
  }

  private static void bitwiseInt(int operation, Register l, Register r) {
    Tnum low = l.bits.low();
    if (operation == BPF_OR) {
      l.u32min = Bounds.umax(l.u32min, r.u32min);
    } else {
      l.u32min = (int) low.least();
    }
    if (operation == BPF_AND) {
      l.u32max = Bounds.umin(l.u32max, r.u32max);
    } else {
      l.u32max = (int) low.greatest();
    }
    boolean oneSign = l.u32min <= l.u32max;
    l.s32min = oneSign ? l.u32min : Integer.MIN_VALUE;
    l.s32max = oneSign ? l.u32max : Integer.MAX_VALUE;
  }

  private static void bitwiseLong(int operation, Register l, Register r) {
    if (operation == BPF_OR) {
      l.umin = Bounds.umax(l.umin, r.umin);
    } else {
      l.umin = l.bits.least();
    }
    if (operation == BPF_AND) {
      l.umax = Bounds.umin(l.umax, r.umax);
    } else {
      l.umax = l.bits.greatest();
    }
    boolean oneSign = l.umin <= l.umax;
    l.smin = oneSign ? l.umin : Long.MIN_VALUE;
    l.smax = oneSign ? l.umax : Long.MAX_VALUE;
    Bounds.fromBits(l);
  }

  private static void shiftInt(int operation, Register l, int count) {
    Tnum low = l.bits.low();
    switch (operation) {
      case BPF_LSH -> {
        shiftIntLeft(l, count);
        l.bits = low.shiftLeft(count).low();
      }
      case BPF_RSH -> {
        l.s32min = Integer.MIN_VALUE;
        l.s32max = Integer.MAX_VALUE;
        l.bits = low.shiftRight(count);
        l.u32min >>>= count;
        l.u32max >>>= count;
      }
      default -> {
        l.s32min >>= count;
        l.s32max >>= count;
        l.bits = low.shiftRightSigned(count, Integer.SIZE);
        l.u32min = 0;
        l.u32max = -1;
      }
    }
    l.setLongUnbounded();
    Bounds.intFromBits(l);
  }

  private static void shiftIntLeft(Register l, int count) {
    l.s32min = Integer.MIN_VALUE;
    l.s32max = Integer.MAX_VALUE;
    if (count > 31 || (l.u32max & LOW) > 1L << 31 - count) {
      l.u32min = 0;
      l.u32max = -1;
    } else {
      l.u32min <<= count;
      l.u32max <<= count;
    }
  }

  private static void shiftLong(int operation, Register l, int count) {
    switch (operation) {
      case BPF_LSH -> {
        shiftLongLeft(l, count);
        shiftIntLeft(l, count);
        l.bits = l.bits.shiftLeft(count);
      }
      case BPF_RSH -> {
        l.smin = Long.MIN_VALUE;
        l.smax = Long.MAX_VALUE;
        l.bits = l.bits.shiftRight(count);
        l.umin >>>= count;
        l.umax >>>= count;
        l.setIntUnbounded();
      }
      default -> {
        l.smin >>= count;
        l.smax >>= count;
        l.bits = l.bits.shiftRightSigned(count, Long.SIZE);
        l.umin = 0;
        l.umax = -1;
        l.setIntUnbounded();
      }
    }
    Bounds.fromBits(l);
  }

  private static void shiftLongLeft(Register l, int count) {
    // The usual way to sign-extend a 32-bit number is to shift it up by 32 and down again.
    l.smax = count == 32 ? (long) l.s32max << 32 : Long.MAX_VALUE;
    l.smin = count == 32 ? (long) l.s32min << 32 : Long.MIN_VALUE;
    if (Long.compareUnsigned(l.umax, 1L << 63 - count) > 0) {
      l.umin = 0;
      l.umax = -1;
    } else {
      l.umin <<= count;
      l.umax <<= count;
    }
  }
}
