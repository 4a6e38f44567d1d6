package io.ebpf4j.isa;

import org.jspecify.annotations.Nullable;

/** Reads the operands that instructions have in common: registers, memory, numbers. */
final class Operands {
  private static final long MAX_UNSIGNED = 0xffff_ffffL;

  private Operands() {}

  /** A register as written: {@code r1} or, its low half, {@code w1}. */
  record Register(boolean wide, int number) {
    @Override
    public String toString() {
      return (wide ? "r" : "w") + number;
    }
  }

  /** A memory operand: size bits of the opcode, base register and offset. */
  record Pointer(int size, int base, int offset) {}

  /** Reads {@code (u32 *)(r1 +8)}. */
  static Pointer pointer(SourceLine line) {
    line.expect("(");
    int size = size(line, Notation.unsignedSize(line.peekWord()), "u8, u16, u32 or u64");
    line.expect("*");
    line.expect(")");
    return place(line, size);
  }

  static Pointer place(SourceLine line, int size) {
    line.expect("(");
    int base = registerNumber(line);
    int offset =
        line.nextIsNumber() ? (int) line.number("an offset", Short.MIN_VALUE, Short.MAX_VALUE) : 0;
    line.expect(")");
    return new Pointer(size, base, offset);
  }

  /** Reads the type whose size bits are given, which is none where they are negative. */
  static int size(SourceLine line, int size, String expected) {
    if (size < 0) {
      throw line.expected(expected);
    }
    line.word(expected);
    return size;
  }

  static int immediate(SourceLine line) {
    return (int) line.number("a 32-bit number", Integer.MIN_VALUE, MAX_UNSIGNED);
  }

  static int unsigned(SourceLine line, String what) {
    return (int) line.number(what, 0, MAX_UNSIGNED);
  }

  static int distance(SourceLine line) {
    return (int) line.number("a number", Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  static int registerNumber(SourceLine line) {
    return register(line, true).number();
  }

  static Register register(SourceLine line, boolean wide) {
    Register register = takeRegister(line, wide);
    if (register == null) {
      throw line.expected(wide ? "a register r0 to r10" : "a register w0 to w10");
    }
    return register;
  }

  /** Reads a register of that width if one comes next. */
  static @Nullable Register takeRegister(SourceLine line, boolean wide) {
    Register register = registerNamed(line.peekWord());
    if (register == null) {
      return null;
    }
    if (register.wide() != wide) {
      throw line.expected(wide ? "a register r0 to r10" : "a register w0 to w10");
    }
    line.expectWord(register.toString());
    return register;
  }

  static @Nullable Register takeRegister(SourceLine line) {
    Register register = registerNamed(line.peekWord());
    if (register != null) {
      line.expectWord(register.toString());
    }
    return register;
  }

  private static @Nullable Register registerNamed(String word) {
    if (word.length() < 2 || word.length() > 3 || "rw".indexOf(word.charAt(0)) < 0) {
      return null;
    }
    for (int number = 0; number < Isa.REGISTERS; number++) {
      if (word.substring(1).equals(Integer.toString(number))) {
        return new Register(word.charAt(0) == 'r', number);
      }
    }
    return null;
  }
}
