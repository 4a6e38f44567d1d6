package io.ebpf4j.jvm.verifier;

import static io.ebpf4j.isa.Isa.BPF_ADD;
import static io.ebpf4j.isa.Isa.BPF_SUB;
import static io.ebpf4j.isa.Isa.BPF_X;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.verifier.Register.Kind;

/**
 * What Linux asks of the arithmetic of programs without CAP_PERFMON: it masks offsets in registers,
 * so that a processor that guesses stays within the memory, and a mask must be the same on every
 * way. We mask nothing, but refuse what could not be masked.
 */
final class Sanitation {
  private static final int MAX_STACK = 512;
  private static final String NOT_FOR_ALL = "pointer arithmetic with it prohibited for !root";

  // How an instruction is masked.
  private static final byte NONE = 0;
  private static final byte OF_NUMBERS = 1;
  private static final byte SOURCE = 1 << 1;
  private static final byte DESTINATION = 1 << 2;
  private static final byte NEGATIVE = 1 << 3;
  private static final byte IMMEDIATE = 1 << 4;

  private final Verification verification;
  private final MemoryAccess memory;
  private final byte[] states;
  private final int[] limits;

  // Between before and after: what would be masked, and to which side.
  private boolean toTheLeft;
  private byte state;
  private int limit;

  Sanitation(Verification verification, MemoryAccess memory) {
    this.verification = verification;
    this.memory = memory;
    this.states = new byte[verification.code.size()];
    this.limits = new int[verification.code.size()];
  }

  private boolean isNeeded(Instruction i) {
    int operation = i.opcode() & 0xf0;
    return !verification.rules.leaksPointers() && (operation == BPF_ADD || operation == BPF_SUB);
  }

  private static boolean isMasked(Instruction i) {
    return (i.opcode() & BPF_X) != 0;
  }

  /** Two numbers are added or subtracted. */
  void ofNumbers(Instruction i) {
    if (isNeeded(i) && isMasked(i)) {
      update(i, OF_NUMBERS, 0);
    }
  }

  /** A speculative way could not be walked on from here: nothing is masked. */
  void forget(int slot) {
    states[slot] = NONE;
  }

  /**
   * A number is about to be added to a pointer or subtracted from it.
   *
   * @param to the register that will have the result, and has the pointer now
   */
  void before(
      Instruction i, Register pointer, Register number, boolean pointerIsLeft, Register to) {
    if (!isNeeded(i) || !isMasked(i)) {
      return;
    }
    boolean known = number.bits.isConstant();
    boolean negative = number.smin < 0;
    if (!verification.state.speculative) {
      if (!known && negative != (number.smax < 0)) {
        throw Rejection.access(
            "R%d has unknown scalar with mixed signed bounds, %s",
            pointerIsLeft ? i.src() : i.dst(), NOT_FOR_ALL);
      }
      toTheLeft = ((i.opcode() & 0xf0) == BPF_ADD) == negative;
      limit = limit(i, pointer);
      state =
          (byte)
              ((negative ? NEGATIVE : 0)
                  | (known ? IMMEDIATE : 0)
                  | (pointerIsLeft ? SOURCE : DESTINATION));
      verification.exploresLimits |= !known;
    }
    if (!known) {
      // Where the offset is cut to nothing, the pointer stays what it was.
      State guess = verification.push(verification.slot + 1, verification.slot);
      guess.speculative = true;
      guess.register(i.dst()).set(to);
    }
  }

  /** It has been. */
  void after(Instruction i, Register result, Register number) {
    if (verification.rules.leaksPointers()) {
      return;
    }
    checkBounds(i, result);
    if (isNeeded(i) && isMasked(i) && !verification.state.speculative) {
      update(i, state, Math.abs(limit - limit(i, result)));
    }
  }

  /** How far a pointer may go to the side that it is going to. */
  private int limit(Instruction i, Register pointer) {
    long found;
    long max;
    switch (pointer.kind) {
      case STACK -> {
        max = MAX_STACK + (toTheLeft ? 1L : 0L);
        found = -(pointer.bits.value() + pointer.offset);
      }
      case MAP_VALUE -> {
        max = Integer.toUnsignedLong(memory.valueSize(pointer));
        found = (toTheLeft ? pointer.smin : pointer.umax) + pointer.offset;
      }
      default ->
          throw Rejection.access(
              "R%d has pointer with unsupported alu operation, %s", i.dst(), NOT_FOR_ALL);
    }
    if (Integer.toUnsignedLong((int) found) >= max) {
      throw Rejection.access(
          "R%d tried to %s beyond pointer bounds, %s", i.dst(), verb(i), NOT_FOR_ALL);
    }
    return (int) found;
  }

  private static String verb(Instruction i) {
    return (i.opcode() & 0xf0) == BPF_ADD ? "add" : "sub";
  }

  private void update(Instruction i, byte masked, int to) {
    int slot = verification.slot;
    if (states[slot] != NONE && (states[slot] != masked || limits[slot] != to)) {
      throw Rejection.access(
          "R%d tried to %s from different maps, paths or scalars, %s",
          i.dst(), verb(i), NOT_FOR_ALL);
    }
    states[slot] = masked;
    limits[slot] = to;
  }

  private void checkBounds(Instruction i, Register result) {
    if (result.kind == Kind.STACK) {
      long at = result.offset + result.bits.value();
      if (!result.bits.isConstant()) {
        throw Rejection.access(
            "R%d variable stack access prohibited for !root, var_off=%s off=%d",
            i.dst(), result.bits, at);
      }
      if (at >= 0 || at < -MAX_STACK) {
        throw Rejection.access(
            "R%d stack pointer arithmetic goes out of range, prohibited for !root; off=%d",
            i.dst(), at);
      }
    } else if (result.kind == Kind.MAP_VALUE) {
      try {
        memory.mapValue(i.dst(), result.offset, 1, false, false);
      } catch (Rejection refusal) {
        throw Rejection.access(
            "%s\nR%d pointer arithmetic of map value goes out of range, prohibited for !root",
            refusal.text(), i.dst());
      }
    }
  }
}
