package io.ebpf4j.jvm.verifier;

import static io.ebpf4j.isa.Isa.*;

/** What a conditional jump says of two numbers, and what the numbers say of the jump. */
final class Comparison {
  /** The opposite of {@code &}: no bit in common. No instruction has this operation. */
  private static final int NO_COMMON_BIT = BPF_JSET | 1;

  private Comparison() {}

  /** The operation with its operands exchanged. */
  static int flipped(int operation) {
    return switch (operation) {
      case BPF_JGE -> BPF_JLE;
      case BPF_JGT -> BPF_JLT;
      case BPF_JLE -> BPF_JGE;
      case BPF_JLT -> BPF_JGT;
      case BPF_JSGE -> BPF_JSLE;
      case BPF_JSGT -> BPF_JSLT;
      case BPF_JSLE -> BPF_JSGE;
      case BPF_JSLT -> BPF_JSGT;
      default -> operation;
    };
  }

  private static int opposite(int operation) {
    return switch (operation) {
      case BPF_JEQ -> BPF_JNE;
      case BPF_JNE -> BPF_JEQ;
      case BPF_JGE -> BPF_JLT;
      case BPF_JGT -> BPF_JLE;
      case BPF_JLE -> BPF_JGT;
      case BPF_JLT -> BPF_JGE;
      case BPF_JSGE -> BPF_JSLT;
      case BPF_JSGT -> BPF_JSLE;
      case BPF_JSLE -> BPF_JSGT;
      case BPF_JSLT -> BPF_JSGE;
      default -> NO_COMMON_BIT;
    };
  }

  /**
   * Whether the jump is taken.
   *
   * @return 1 always, 0 never, -1 not known
   */
  static int taken(int operation, boolean word, Register left, Register right) {
    if (left.isAnyPacketPointer() && right.isAnyPacketPointer() && !word) {
      return packetTaken(operation, left, right);
    }
    if (left.isPointer() || right.isPointer()) {
      return pointerTaken(operation, word, left, right);
    }
    return switch (operation) {
      case BPF_JEQ -> equal(word, left, right);
      case BPF_JNE -> {
        int equal = equal(word, left, right);
        yield equal < 0 ? equal : 1 - equal;
      }
      case BPF_JSET -> commonBit(word, left, right);
      case BPF_JGT -> above(word, left, right, false);
      case BPF_JGE -> above(word, left, right, true);
      case BPF_JLT -> above(word, right, left, false);
      case BPF_JLE -> above(word, right, left, true);
      case BPF_JSGT -> aboveSigned(word, left, right, false);
      case BPF_JSGE -> aboveSigned(word, left, right, true);
      case BPF_JSLT -> aboveSigned(word, right, left, false);
      default -> aboveSigned(word, right, left, true);
    };
  }

  private static int packetTaken(int operation, Register left, Register right) {
    Register packet;
    int seen = operation;
    if (right.kind == Register.Kind.PACKET_END) {
      packet = left;
    } else if (left.kind == Register.Kind.PACKET_END) {
      packet = right;
      seen = flipped(operation);
    } else {
      return -1;
    }
    if (packet.extent >= 0) {
      return -1;
    }
    return switch (seen) {
      case BPF_JLE, BPF_JGT ->
          packet.extent == Register.BEYOND_PACKET_END ? (seen == BPF_JGT ? 1 : 0) : -1;
      case BPF_JLT, BPF_JGE -> seen == BPF_JGE ? 1 : 0;
      default -> -1;
    };
  }

  private static int pointerTaken(int operation, boolean word, Register left, Register right) {
    Register pointer = right.isConstant(word) ? left : right;
    Register number = right.isConstant(word) ? right : left;
    if (!number.isConstant(word) || !isNeverNull(pointer) || number.constant(word) != 0) {
      return -1;
    }
    return switch (operation) {
      case BPF_JEQ -> 0;
      case BPF_JNE -> 1;
      default -> -1;
    };
  }

  /** Whether a pointer is known not to be NULL, so that a comparison with 0 is decided. */
  static boolean isNeverNull(Register r) {
    if (r.mayBeNull()) {
      return false;
    }
    return switch (r.kind) {
      case MAP_VALUE, MAP_KEY, MAP, SOCKET, SOCK_COMMON, TCP_SOCK -> true;
      case MEMORY -> !r.is(Register.UNTRUSTED);
      case BTF -> r.is(Register.TRUSTED);
      default -> false;
    };
  }

  private static int equal(boolean word, Register l, Register r) {
    Tnum left = word ? l.bits.low() : l.bits;
    Tnum right = word ? r.bits.low() : r.bits;
    if (left.isConstant() && right.isConstant()) {
      return left.value() == right.value() ? 1 : 0;
    }
    if (!left.overlaps(right) || intRangesApart(l, r)) {
      return 0;
    }
    boolean apart =
        !word
            && (Long.compareUnsigned(l.umin, r.umax) > 0
                || Long.compareUnsigned(l.umax, r.umin) < 0
                || l.smin > r.smax
                || l.smax < r.smin);
    return apart ? 0 : -1;
  }

  private static boolean intRangesApart(Register l, Register r) {
    return Integer.compareUnsigned(l.u32min, r.u32max) > 0
        || Integer.compareUnsigned(l.u32max, r.u32min) < 0
        || l.s32min > r.s32max
        || l.s32max < r.s32min;
  }

  private static int commonBit(boolean word, Register l, Register r) {
    Register set = r.isConstant(word) ? r : l;
    Register bits = r.isConstant(word) ? l : r;
    if (!set.isConstant(word)) {
      return -1;
    }
    Tnum known = word ? bits.bits.low() : bits.bits;
    long wanted = set.constant(word);
    if ((known.value() & wanted) != 0) {
      return 1;
    }
    return (known.greatest() & wanted) == 0 ? 0 : -1;
  }

  private static int above(boolean word, Register l, Register r, boolean orEqual) {
    int least =
        word ? Integer.compareUnsigned(l.u32min, r.u32max) : Long.compareUnsigned(l.umin, r.umax);
    int most =
        word ? Integer.compareUnsigned(l.u32max, r.u32min) : Long.compareUnsigned(l.umax, r.umin);
    return decided(least, most, orEqual);
  }

  private static int aboveSigned(boolean word, Register l, Register r, boolean orEqual) {
    int least = word ? Integer.compare(l.s32min, r.s32max) : Long.compare(l.smin, r.smax);
    int most = word ? Integer.compare(l.s32max, r.s32min) : Long.compare(l.smax, r.smin);
    return decided(least, most, orEqual);
  }

  private static int decided(int least, int most, boolean orEqual) {
    if (least > 0 || (orEqual && least == 0)) {
      return 1;
    }
    return most < 0 || (!orEqual && most == 0) ? 0 : -1;
  }

  /** Narrows two numbers to those for which the jump is taken. */
  static void refineTaken(int operation, boolean word, Register left, Register right) {
    refine(operation, word, left, right);
    Bounds.sync(left);
    Bounds.sync(right);
  }

  /** Narrows two numbers to those for which the jump is not taken. */
  static void refineNotTaken(int operation, boolean word, Register left, Register right) {
    refineTaken(opposite(operation), word, left, right);
  }

  private static void refine(int operation, boolean word, Register l, Register r) {
    switch (operation) {
      case BPF_JEQ -> makeEqual(word, l, r);
      case BPF_JNE -> {
        Register constant = r.isConstant(word) ? r : l;
        if (constant.isConstant(word)) {
          exclude(word, constant == r ? l : r, constant.constant(word));
        }
      }
      case BPF_JSET -> {
        Register constant = r.isConstant(word) ? r : l;
        if (constant.isConstant(word) && Long.bitCount(constant.constant(word)) == 1) {
          Register bits = constant == r ? l : r;
          Tnum set = Tnum.constant(constant.constant(word));
          bits.bits = word ? bits.bits.withLow(bits.bits.low().or(set)) : bits.bits.or(set);
        }
      }
      case NO_COMMON_BIT -> {
        Register constant = r.isConstant(word) ? r : l;
        if (constant.isConstant(word)) {
          Register bits = constant == r ? l : r;
          // The ranges could contradict the bits where the branch is never taken.
          bits.setUnbounded();
          Tnum others = Tnum.constant(~constant.constant(word));
          bits.bits = word ? bits.bits.withLow(bits.bits.low().and(others)) : bits.bits.and(others);
        }
      }
      case BPF_JLE -> order(word, l, r, 0);
      case BPF_JLT -> order(word, l, r, 1);
      case BPF_JGE -> order(word, r, l, 0);
      case BPF_JGT -> order(word, r, l, 1);
      case BPF_JSLE -> orderSigned(word, l, r, 0);
      case BPF_JSLT -> orderSigned(word, l, r, 1);
      case BPF_JSGE -> orderSigned(word, r, l, 0);
      default -> orderSigned(word, r, l, 1);
    }
  }

  private static void makeEqual(boolean word, Register l, Register r) {
    if (word) {
      l.u32min = Bounds.umax(l.u32min, r.u32min);
      l.u32max = Bounds.umin(l.u32max, r.u32max);
      l.s32min = Math.max(l.s32min, r.s32min);
      l.s32max = Math.min(l.s32max, r.s32max);
      r.u32min = l.u32min;
      r.u32max = l.u32max;
      r.s32min = l.s32min;
      r.s32max = l.s32max;
      Tnum both = l.bits.low().intersect(r.bits.low());
      l.bits = l.bits.withLow(both);
      r.bits = r.bits.withLow(both);
    } else {
      l.umin = Bounds.umax(l.umin, r.umin);
      l.umax = Bounds.umin(l.umax, r.umax);
      l.smin = Math.max(l.smin, r.smin);
      l.smax = Math.min(l.smax, r.smax);
      r.umin = l.umin;
      r.umax = l.umax;
      r.smin = l.smin;
      r.smax = l.smax;
      l.bits = l.bits.intersect(r.bits);
      r.bits = l.bits;
    }
  }

  private static void exclude(boolean word, Register r, long value) {
    if (word) {
      r.u32min += r.u32min == (int) value ? 1 : 0;
      r.u32max -= r.u32max == (int) value ? 1 : 0;
      r.s32min += r.s32min == (int) value ? 1 : 0;
      r.s32max -= r.s32max == (int) value ? 1 : 0;
    } else {
      r.umin += r.umin == value ? 1 : 0;
      r.umax -= r.umax == value ? 1 : 0;
      r.smin += r.smin == value ? 1 : 0;
      r.smax -= r.smax == value ? 1 : 0;
    }
  }

  private static void order(boolean word, Register lower, Register upper, int gap) {
    if (word) {
      lower.u32max = Bounds.umin(lower.u32max, upper.u32max - gap);
      upper.u32min = Bounds.umax(lower.u32min + gap, upper.u32min);
    } else {
      lower.umax = Bounds.umin(lower.umax, upper.umax - gap);
      upper.umin = Bounds.umax(lower.umin + gap, upper.umin);
    }
  }

  private static void orderSigned(boolean word, Register lower, Register upper, int gap) {
    if (word) {
      lower.s32max = Math.min(lower.s32max, upper.s32max - gap);
      upper.s32min = Math.max(lower.s32min + gap, upper.s32min);
    } else {
      lower.smax = Math.min(lower.smax, upper.smax - gap);
      upper.smin = Math.max(lower.smin + gap, upper.smin);
    }
  }
}
