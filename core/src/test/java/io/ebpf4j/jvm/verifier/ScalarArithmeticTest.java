package io.ebpf4j.jvm.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.isa.Isa;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What is said of a result holds for every number that the operands may be. */
class ScalarArithmeticTest {
  private static final int ROUNDS = 200_000;
  private static final int[] OPERATIONS = {
    Isa.BPF_ADD,
    Isa.BPF_SUB,
    Isa.BPF_MUL,
    Isa.BPF_AND,
    Isa.BPF_OR,
    Isa.BPF_XOR,
    Isa.BPF_LSH,
    Isa.BPF_RSH,
    Isa.BPF_ARSH,
    Isa.BPF_NEG,
    Isa.BPF_DIV
  };
  private static final int[] JUMPS = {
    Isa.BPF_JEQ,
    Isa.BPF_JNE,
    Isa.BPF_JSET,
    Isa.BPF_JGT,
    Isa.BPF_JGE,
    Isa.BPF_JLT,
    Isa.BPF_JLE,
    Isa.BPF_JSGT,
    Isa.BPF_JSGE,
    Isa.BPF_JSLT,
    Isa.BPF_JSLE
  };

  private final Random random = new Random(4);

  @Test
  void resultsLieWithinWhatIsSaid() {
    for (int round = 0; round < ROUNDS; round++) {
      long x = number();
      int operation = OPERATIONS[random.nextInt(OPERATIONS.length)];
      boolean word = random.nextBoolean();
      boolean shift =
          operation == Isa.BPF_LSH || operation == Isa.BPF_RSH || operation == Isa.BPF_ARSH;
      long y = shift ? random.nextInt(word ? 32 : 64) : number();
      Register left = around(x);
      Register right = shift ? constant(y) : around(y);
      ScalarArithmetic.apply(operation, word, left, right);
      check(left, computed(operation, word, x, y), "%x op %x %x".formatted(x, operation, y));
    }
  }

  @Test
  void branchesKeepEveryNumberThatTakesThem() {
    for (int round = 0; round < ROUNDS; round++) {
      long x = number();
      long y = random.nextBoolean() ? x : number();
      int operation = JUMPS[random.nextInt(JUMPS.length)];
      boolean word = random.nextBoolean();
      Register left = around(x);
      Register right = random.nextBoolean() ? constant(y) : around(y);
      boolean jumps = jumps(operation, word, x, y);
      int said = Comparison.taken(operation, word, left, right);
      assertThat(said).isIn(-1, jumps ? 1 : 0);
      if (said < 0) {
        if (jumps) {
          Comparison.refineTaken(operation, word, left, right);
        } else {
          Comparison.refineNotTaken(operation, word, left, right);
        }
        check(left, x, "left of %x, %x and %x".formatted(operation, x, y));
        check(right, y, "right of %x, %x and %x".formatted(operation, x, y));
      }
    }
  }

  @Test
  void extensionsAndSwapsHold() {
    for (int round = 0; round < ROUNDS; round++) {
      long x = number();
      int bytes = 1 << random.nextInt(3);
      int shift = Long.SIZE - bytes * Byte.SIZE;
      Register signed = around(x);
      Bounds.signExtend(signed, bytes);
      check(signed, x << shift >> shift, "sign");
      Register cut = around(x);
      Bounds.truncate(cut, bytes);
      check(cut, x << shift >>> shift, "zero");
      Register swapped = around(x);
      ScalarArithmetic.convert(swapped, Long.BYTES, true);
      check(swapped, Long.reverseBytes(x), "swap");
      Register word = around(x);
      Bounds.signExtendToInt(word, Math.min(bytes, 2));
      Bounds.zeroExtend(word);
      Bounds.sync(word);
      int narrow = bytes == 1 ? (byte) x : (short) x;
      check(word, Integer.toUnsignedLong(narrow), "sign to word");
    }
  }

  private long number() {
    return switch (random.nextInt(6)) {
      case 0 -> random.nextInt(16);
      case 1 -> -random.nextInt(16);
      case 2 -> random.nextInt();
      case 3 -> (1L << random.nextInt(64)) - random.nextInt(3);
      case 4 -> Integer.toUnsignedLong(random.nextInt());
      default -> random.nextLong();
    };
  }

  private static Register constant(long value) {
    Register register = new Register();
    register.setConstant(value);
    return register;
  }

  /** What may be known of a number. */
  private Register around(long x) {
    Register register = new Register();
    register.setUnknown();
    long mask = random.nextLong() & (random.nextBoolean() ? random.nextLong() : -1);
    register.bits = new Tnum(x & ~mask, mask);
    if (random.nextBoolean()) {
      long low = number() & Long.MAX_VALUE;
      long high = number() & Long.MAX_VALUE;
      register.umin = Long.compareUnsigned(low, x) <= 0 ? low : x;
      register.umax = Long.compareUnsigned(high, x) >= 0 ? high : x;
    }
    if (random.nextBoolean()) {
      register.smin = Math.min(number(), x);
      register.smax = Math.max(number(), x);
    }
    if (random.nextBoolean()) {
      register.s32min = Math.min((int) number(), (int) x);
      register.s32max = Math.max((int) number(), (int) x);
    }
    Bounds.sync(register);
    check(register, x, "sync");
    return register;
  }

  private static void check(Register r, long value, String what) {
    boolean holds =
        r.bits.contains(Tnum.constant(value))
            && r.smin <= value
            && value <= r.smax
            && Long.compareUnsigned(r.umin, value) <= 0
            && Long.compareUnsigned(value, r.umax) <= 0
            && r.s32min <= (int) value
            && (int) value <= r.s32max
            && Integer.compareUnsigned(r.u32min, (int) value) <= 0
            && Integer.compareUnsigned((int) value, r.u32max) <= 0;
    assertThat(holds).as(what).isTrue();
  }

  private static long computed(int operation, boolean word, long x, long y) {
    if (!word) {
      return switch (operation) {
        case Isa.BPF_ADD -> x + y;
        case Isa.BPF_SUB -> x - y;
        case Isa.BPF_MUL -> x * y;
        case Isa.BPF_AND -> x & y;
        case Isa.BPF_OR -> x | y;
        case Isa.BPF_XOR -> x ^ y;
        case Isa.BPF_LSH -> x << y;
        case Isa.BPF_RSH -> x >>> y;
        case Isa.BPF_ARSH -> x >> y;
        case Isa.BPF_NEG -> -x;
        default -> y == 0 ? 0 : Long.divideUnsigned(x, y);
      };
    }
    int a = (int) x;
    int b = (int) y;
    int result =
        switch (operation) {
          case Isa.BPF_ADD -> a + b;
          case Isa.BPF_SUB -> a - b;
          case Isa.BPF_MUL -> a * b;
          case Isa.BPF_AND -> a & b;
          case Isa.BPF_OR -> a | b;
          case Isa.BPF_XOR -> a ^ b;
          case Isa.BPF_LSH -> a << b;
          case Isa.BPF_RSH -> a >>> b;
          case Isa.BPF_ARSH -> a >> b;
          case Isa.BPF_NEG -> -a;
          default -> b == 0 ? 0 : Integer.divideUnsigned(a, b);
        };
    return Integer.toUnsignedLong(result);
  }

  private static boolean jumps(int operation, boolean word, long x, long y) {
    long a = word ? (int) x : x;
    long b = word ? (int) y : y;
    int unsigned = Long.compareUnsigned(a, b);
    int signed = Long.compare(a, b);
    return switch (operation) {
      case Isa.BPF_JEQ -> a == b;
      case Isa.BPF_JNE -> a != b;
      case Isa.BPF_JSET -> (a & b & (word ? 0xffff_ffffL : -1)) != 0;
      case Isa.BPF_JGT -> unsigned > 0;
      case Isa.BPF_JGE -> unsigned >= 0;
      case Isa.BPF_JLT -> unsigned < 0;
      case Isa.BPF_JLE -> unsigned <= 0;
      case Isa.BPF_JSGT -> signed > 0;
      case Isa.BPF_JSGE -> signed >= 0;
      case Isa.BPF_JSLT -> signed < 0;
      default -> signed <= 0;
    };
  }
}
