package io.ebpf4j.jvm.verifier;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.verifier.Register.Kind;

/** Arithmetic instructions: on numbers, and the little that is allowed on pointers. */
final class ArithmeticStep {
  private static final int MAX_OFFSET = 1 << 29;
  private static final int ADDRESS_SPACE_CAST = 1;
  private static final String[] OPERATORS = {
    "+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "neg", "%=", "^=", "=", "s>>=", "endian"
  };

  private final Verification verification;
  private final Sanitation sanitation;

  ArithmeticStep(Verification verification, MemoryAccess memory) {
    this.verification = verification;
    this.sanitation = new Sanitation(verification, memory);
  }

  /** What is masked at an instruction is nothing: no guess goes by it. */
  void unmask(int slot) {
    sanitation.forget(slot);
  }

  /** Reads what an instruction reads, before its immediate is looked at. */
  void read(Instruction i) {
    int operation = i.opcode() & 0xf0;
    boolean fromRegister = (i.opcode() & BPF_X) != 0;
    boolean unary = operation == BPF_NEG || operation == BPF_END;
    if (fromRegister && !unary) {
      verification.read(i.src());
    }
    if (operation != BPF_MOV) {
      verification.read(i.dst());
    }
  }

  void run(Instruction i) {
    int operation = i.opcode() & 0xf0;
    boolean word = i.instructionClass() == BPF_ALU;
    read(i);
    switch (operation) {
      case BPF_NEG, BPF_END -> unary(i, operation, word);
      case BPF_MOV -> move(i, word);
      default -> {
        verification.written(i.dst());
        binary(i, operation, word);
      }
    }
    verification.checkBounds(verification.register(i.dst()));
  }

  private void unary(Instruction i, int operation, boolean word) {
    Register register = verification.register(i.dst());
    if (verification.isSecret(register)) {
      throw Rejection.access("R%d pointer arithmetic prohibited", i.dst());
    }
    verification.written(i.dst());
    if (operation == BPF_NEG && register.isScalar()) {
      ScalarArithmetic.apply(BPF_NEG, word, register, register);
    } else if (operation == BPF_END && register.isScalar()) {
      boolean swaps = !word || (i.opcode() & BPF_TO_BE) != 0;
      ScalarArithmetic.convert(register, i.imm() / Byte.SIZE, swaps);
    } else {
      verification.markUnknown(register);
    }
  }

  private void move(Instruction i, boolean word) {
    Register to = verification.written(i.dst());
    if ((i.opcode() & BPF_X) == 0) {
      verification.markConstant(to, word ? Integer.toUnsignedLong(i.imm()) : i.imm());
      return;
    }
    Register from = verification.register(i.src());
    int bits = i.offset();
    if (!word && bits == ADDRESS_SPACE_CAST) {
      throw Rejection.invalid(
          "addr_space_cast insn can only be used in a program that has an associated arena");
    }
    if (!word && bits == 0) {
      verification.linkBeforeCopy(from);
      to.set(from);
    } else if (!word) {
      if (verification.isSecret(from)) {
        throw Rejection.access("R%d sign-extension part of pointer", i.src());
      }
      moveExtended(from, to, bits);
    } else {
      if (verification.isSecret(from)) {
        throw Rejection.access("R%d partial copy of pointer", i.src());
      }
      moveWord(from, to, bits);
    }
  }

  private void moveExtended(Register from, Register to, int bits) {
    if (!from.isScalar()) {
      verification.markUnknown(to);
      return;
    }
    boolean unchanged = Long.compareUnsigned(from.umax, 1L << bits - 1) < 0;
    if (unchanged) {
      verification.linkBeforeCopy(from);
    }
    to.set(from);
    if (!unchanged) {
      to.id = 0;
    }
    Bounds.signExtend(to, bits / Byte.SIZE);
  }

  private void moveWord(Register from, Register to, int bits) {
    if (!from.isScalar()) {
      verification.markUnknown(to);
      Bounds.zeroExtend(to);
      Bounds.sync(to);
      return;
    }
    boolean unchanged =
        bits == 0
            ? StackAccess.width(from) <= Integer.SIZE
            : Long.compareUnsigned(from.umax, 1L << bits - 1) < 0;
    if (unchanged) {
      verification.linkBeforeCopy(from);
    }
    to.set(from);
    if (!unchanged) {
      to.id = 0;
    }
    if (bits != 0) {
      Bounds.signExtendToInt(to, bits / Byte.SIZE);
    }
    Bounds.zeroExtend(to);
    Bounds.sync(to);
  }

  private void binary(Instruction i, int operation, boolean word) {
    Register left = verification.register(i.dst());
    Register right;
    if ((i.opcode() & BPF_X) != 0) {
      right = verification.register(i.src());
      if (!right.isScalar()) {
        if (left.isScalar()) {
          verification.markPrecise(i.dst());
          pointer(i, operation, word, right.copy(), left.copy(), false);
          return;
        }
        if (operation == BPF_SUB && verification.rules.leaksPointers()) {
          verification.markUnknown(left);
          return;
        }
        throw Rejection.access(
            "R%d pointer %s pointer prohibited", i.dst(), OPERATORS[operation >> 4]);
      }
      if (!left.isScalar()) {
        verification.markPrecise(i.src());
        pointer(i, operation, word, left.copy(), right.copy(), true);
        return;
      }
      if (left.precise) {
        verification.markPrecise(i.src());
      }
      right = right.copy();
    } else {
      right = new Register();
      right.setConstant(i.imm());
      if (!left.isScalar()) {
        pointer(i, operation, word, left.copy(), right, true);
        return;
      }
    }
    boolean linkable = !word || StackAccess.width(left) <= Integer.SIZE;
    boolean sameRegister = (i.opcode() & BPF_X) != 0 && i.src() == i.dst();
    sanitation.ofNumbers(i);
    ScalarArithmetic.apply(operation, word, left, right);
    if (linkable && !sameRegister) {
      link(operation, word, left, right);
    } else {
      left.id = 0;
    }
  }

  /** A number plus a constant stays linked to the number; any other result is a new one. */
  private void link(int operation, boolean word, Register left, Register right) {
    boolean linked =
        verification.rules.capable()
            && (operation == BPF_ADD || operation == BPF_SUB)
            && left.id != 0
            && right.isConstant(word);
    if (!linked) {
      left.id = 0;
      return;
    }
    long constant = word ? (int) right.constant(true) : right.constant(false);
    boolean fits =
        constant == (int) constant
            && !(operation == BPF_SUB && constant == Integer.MIN_VALUE)
            && (left.id & Register.PLUS_CONSTANT) == 0;
    if (fits) {
      left.id |= word ? Register.PLUS_INT : Register.PLUS_LONG;
      left.offset = (int) (operation == BPF_SUB ? -constant : constant);
    } else {
      left.offset = 0;
      left.id = 0;
    }
  }

  /** Adds a number to a pointer, or subtracts it, where the pointer's kind allows that. */
  private void pointer(
      Instruction i,
      int operation,
      boolean word,
      Register pointer,
      Register number,
      boolean pointerIsLeft) {
    Register to = verification.register(i.dst());
    boolean known = number.bits.isConstant();
    if ((known && (number.smin != number.smax || number.umin != number.umax))
        || number.smin > number.smax
        || Long.compareUnsigned(number.umin, number.umax) > 0) {
      verification.markUnknown(to);
      return;
    }
    if (word) {
      if (operation == BPF_SUB && verification.rules.leaksPointers()) {
        verification.markUnknown(to);
        return;
      }
      throw Rejection.access("R%d 32-bit pointer arithmetic prohibited", i.dst());
    }
    if (pointer.mayBeNull()) {
      throw Rejection.access(
          "R%d pointer arithmetic on %s prohibited, null-check it first",
          i.dst(), StatePrinter.kind(pointer));
    }
    checkKind(i, operation, pointer, number, known);
    to.set(pointer);
    checkOffset(number, pointer);
    checkOffset(pointer, pointer);
    to.setIntUnbounded();
    sanitation.before(i, pointer, number, pointerIsLeft, to);
    switch (operation) {
      case BPF_ADD -> add(to, pointer, number, known);
      case BPF_SUB -> {
        if (!pointerIsLeft) {
          throw Rejection.access("R%d tried to subtract pointer from scalar", i.dst());
        }
        if (pointer.kind == Kind.STACK) {
          throw Rejection.access("R%d subtraction from stack pointer prohibited", i.dst());
        }
        subtract(to, pointer, number, known);
      }
      case BPF_AND, BPF_OR, BPF_XOR ->
          throw Rejection.access(
              "R%d bitwise operator %s on pointer prohibited", i.dst(), OPERATORS[operation >> 4]);
      default ->
          throw Rejection.access(
              "R%d pointer arithmetic with %s operator prohibited",
              i.dst(), OPERATORS[operation >> 4]);
    }
    checkOffset(to, pointer);
    Bounds.sync(to);
    sanitation.after(i, to, number);
  }

  private static void checkKind(
      Instruction i, int operation, Register pointer, Register number, boolean known) {
    boolean allowed =
        switch (pointer.kind) {
          case CONTEXT,
              MAP_VALUE,
              MAP_KEY,
              STACK,
              PACKET_META,
              PACKET,
              BTF,
              MEMORY,
              BUFFER,
              TRACEPOINT_BUFFER,
              FUNCTION ->
              true;
          case FLOW_KEYS -> known;
          case MAP -> known && number.smin == 0 && operation == BPF_ADD;
          default -> false;
        };
    if (!allowed) {
      throw Rejection.access(
          "R%d pointer arithmetic on %s prohibited", i.dst(), StatePrinter.kind(pointer));
    }
  }

  private static void checkOffset(Register r, Register pointer) {
    long value = r.bits.value();
    String kind = StatePrinter.kind(pointer);
    if (r.bits.isConstant() && (value >= MAX_OFFSET || value <= -MAX_OFFSET)) {
      throw Rejection.invalid("math between %s pointer and %d is not allowed", kind, value);
    }
    if (r.offset >= MAX_OFFSET || r.offset <= -MAX_OFFSET) {
      throw Rejection.invalid("%s pointer offset %d is not allowed", kind, r.offset);
    }
    if (r.smin == Long.MIN_VALUE) {
      throw Rejection.invalid(
          "math between %s pointer and register with unbounded min value is not allowed", kind);
    }
    if (r.smin >= MAX_OFFSET || r.smin <= -MAX_OFFSET) {
      throw Rejection.invalid("value %d makes %s pointer be out of bounds", r.smin, kind);
    }
  }

  private void add(Register to, Register pointer, Register number, boolean known) {
    long fixed = pointer.offset + number.smin;
    if (known && fixed == (int) fixed) {
      takeRange(to, pointer);
      to.offset = (int) fixed;
      return;
    }
    long smin = pointer.smin + number.smin;
    long smax = pointer.smax + number.smax;
    boolean overflows =
        ScalarArithmetic.addOverflows(pointer.smin, number.smin, smin)
            || ScalarArithmetic.addOverflows(pointer.smax, number.smax, smax);
    to.smin = overflows ? Long.MIN_VALUE : smin;
    to.smax = overflows ? Long.MAX_VALUE : smax;
    long umin = pointer.umin + number.umin;
    long umax = pointer.umax + number.umax;
    boolean wraps =
        Long.compareUnsigned(umin, pointer.umin) < 0
            || Long.compareUnsigned(umax, pointer.umax) < 0;
    to.umin = wraps ? 0 : umin;
    to.umax = wraps ? -1 : umax;
    to.bits = pointer.bits.plus(number.bits);
    if (pointer.isPacketPointer()) {
      to.id = verification.nextId();
      to.extent = 0;
    }
  }

  private void subtract(Register to, Register pointer, Register number, boolean known) {
    long fixed = pointer.offset - number.smin;
    if (known && fixed == (int) fixed) {
      takeRange(to, pointer);
      to.offset = (int) fixed;
      return;
    }
    long smin = pointer.smin - number.smax;
    long smax = pointer.smax - number.smin;
    boolean overflows =
        ScalarArithmetic.subtractOverflows(pointer.smin, number.smax, smin)
            || ScalarArithmetic.subtractOverflows(pointer.smax, number.smin, smax);
    to.smin = overflows ? Long.MIN_VALUE : smin;
    to.smax = overflows ? Long.MAX_VALUE : smax;
    boolean wraps = Long.compareUnsigned(pointer.umin, number.umax) < 0;
    to.umin = wraps ? 0 : pointer.umin - number.umax;
    to.umax = wraps ? -1 : pointer.umax - number.umin;
    to.bits = pointer.bits.minus(number.bits);
    if (pointer.isPacketPointer()) {
      to.id = verification.nextId();
      if (number.smin < 0) {
        to.extent = 0;
      }
    }
  }

  private static void takeRange(Register to, Register pointer) {
    to.smin = pointer.smin;
    to.smax = pointer.smax;
    to.umin = pointer.umin;
    to.umax = pointer.umax;
    to.bits = pointer.bits;
  }
}
