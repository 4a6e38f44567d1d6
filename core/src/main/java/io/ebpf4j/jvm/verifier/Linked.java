package io.ebpf4j.jvm.verifier;

import io.ebpf4j.isa.Isa;

/**
 * Registers and spilled registers that hold one number, or that number plus a constant: what a
 * branch says of one, it says of all. At most six, packed into a long: ten bits each, the count on
 * top.
 */
final class Linked {
  private static final int MAX = 6;
  private static final int BITS = 10;
  private static final int COUNT_SHIFT = 60;

  private Linked() {}

  static int count(long linked) {
    return (int) (linked >>> COUNT_SHIFT);
  }

  static int frame(long linked, int index) {
    return entry(linked, index) & 7;
  }

  /** The number of the register or stack slot. */
  static int number(long linked, int index) {
    return entry(linked, index) >> 3 & 63;
  }

  static boolean isRegister(long linked, int index) {
    return (entry(linked, index) >> 9 & 1) != 0;
  }

  private static int entry(long linked, int index) {
    return (int) (linked >>> index * BITS) & 0x3ff;
  }

  /** Adds all of one id to a set. One that has no room loses its id. */
  static long collect(State state, int id, long set) {
    int wanted = id & ~Register.PLUS_CONSTANT;
    long linked = set;
    for (int f = state.current; f >= 0; f--) {
      Frame frame = state.frame(f);
      for (int i = 0; i < Isa.FRAME_POINTER; i++) {
        linked = add(linked, frame.registers[i], wanted, f, i, true);
      }
      for (int i = 0; i < frame.slots(); i++) {
        if (frame.isSpilled(i)) {
          linked = add(linked, frame.spill(i), wanted, f, i, false);
        }
      }
    }
    return linked;
  }

  private static long add(
      long set, Register register, int id, int frame, int number, boolean isRegister) {
    if (!register.isScalar() || (register.id & ~Register.PLUS_CONSTANT) != id) {
      return set;
    }
    int count = count(set);
    if (count == MAX) {
      register.id = 0;
      return set;
    }
    long entry = frame | (long) number << 3 | (isRegister ? 1L << 9 : 0);
    return (set & ~(0xfL << COUNT_SHIFT))
        | entry << count * BITS
        | (long) (count + 1) << COUNT_SHIFT;
  }

  /** Says of all linked registers what is known of one. */
  static void sync(State state, Register known, long linked) {
    for (int i = 0; i < count(linked); i++) {
      Frame frame = state.frame(frame(linked, i));
      Register register =
          isRegister(linked, i)
              ? frame.registers[number(linked, i)]
              : frame.spill(number(linked, i));
      if (register.isScalar()
          && register != known
          && (register.id & ~Register.PLUS_CONSTANT) == (known.id & ~Register.PLUS_CONSTANT)
          && ((register.id ^ known.id) & Register.PLUS_CONSTANT) != Register.PLUS_CONSTANT) {
        sync(register, known);
      }
    }
  }

  private static void sync(Register register, Register known) {
    boolean neither = ((register.id | known.id) & Register.PLUS_CONSTANT) == 0;
    if (neither || register.offset == known.offset) {
      register.set(known);
      return;
    }
    int offset = register.offset;
    int id = register.id;
    boolean word = ((id | known.id) & Register.PLUS_INT) != 0;
    Register difference = new Register();
    difference.setConstant((long) offset - known.offset);
    register.set(known);
    register.offset = offset;
    register.id = id;
    ScalarArithmetic.add(register, difference);
    if (word) {
      Bounds.zeroExtend(register);
    }
    Bounds.sync(register);
  }
}
