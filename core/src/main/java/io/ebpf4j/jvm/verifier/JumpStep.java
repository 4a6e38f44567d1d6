package io.ebpf4j.jvm.verifier;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.verifier.Register.Kind;

/** Conditional jumps: which ways are possible, and what is known on each. */
final class JumpStep {
  private static final int MAX_PACKET_OFFSET = 0xffff;

  private final Verification verification;
  private final NullChecks nulls = new NullChecks();

  JumpStep(Verification verification) {
    this.verification = verification;
  }

  /**
   * Looks at a jump; where both ways are possible, the way that jumps is kept for later.
   *
   * @return the slot at which the walk goes on
   */
  int run(Instruction i) {
    int operation = i.opcode() & 0xf0;
    boolean word = i.instructionClass() == BPF_JMP32;
    boolean fromRegister = (i.opcode() & BPF_X) != 0;
    int slot = verification.slot;
    int behind = slot + 1;
    int target = behind + i.offset();
    Register left = verification.read(i.dst());
    Register right;
    if (fromRegister) {
      right = verification.read(i.src());
      if (!(left.isAnyPacketPointer() && right.isAnyPacketPointer())
          && verification.isSecret(right)) {
        throw Rejection.access("R%d pointer comparison prohibited", i.src());
      }
    } else {
      right = new Register();
      right.setConstant(i.imm());
    }
    int flags =
        (right.kind == Kind.STACK ? State.SOURCE_ON_STACK : 0)
            | (left.kind == Kind.STACK ? State.DESTINATION_ON_STACK : 0);
    if (flags != 0) {
      verification.noteStep(flags, 0);
    }
    int taken = Comparison.taken(operation, word, left, right);
    if (taken >= 0) {
      if (!left.isPointer()) {
        verification.markPrecise(i.dst());
      }
      if (fromRegister && !right.isPointer()) {
        verification.markPrecise(i.src());
      }
      verification.facts.branch(slot, taken == 1);
      verification.guess(taken == 1 ? behind : target, slot, i);
      return taken == 1 ? target : behind;
    }
    verification.facts.branch(slot, true);
    verification.facts.branch(slot, false);
    split(i, operation, word, fromRegister, left, right, target);
    return behind;
  }

  private void split(
      Instruction i,
      int operation,
      boolean word,
      boolean fromRegister,
      Register left,
      Register right,
      int target) {
    State here = verification.state;
    long linked = 0;
    if (fromRegister && right.isScalar() && right.id != 0) {
      linked = Linked.collect(here, right.id, linked);
    }
    if (left.isScalar() && left.id != 0) {
      linked = Linked.collect(here, left.id, linked);
    }
    if (Linked.count(linked) > 1) {
      verification.noteStep(0, linked);
    }
    State there = verification.push(target, verification.slot);
    Register leftThere = there.register(i.dst());
    Register rightThere = fromRegister ? there.register(i.src()) : right.copy();
    if (left.isScalar() && right.isScalar()) {
      Comparison.refineNotTaken(operation, word, left, right);
      Comparison.refineTaken(operation, word, leftThere, rightThere);
      verification.checkBounds(leftThere);
      verification.checkBounds(rightThere);
      verification.checkBounds(left);
      verification.checkBounds(right);
    }
    if (fromRegister && right.isScalar() && right.id != 0) {
      Linked.sync(here, right, linked);
      Linked.sync(there, rightThere, linked);
    }
    if (left.isScalar() && left.id != 0) {
      Linked.sync(here, left, linked);
      Linked.sync(there, leftThere, linked);
    }
    boolean equality = operation == BPF_JEQ || operation == BPF_JNE;
    if (!word && fromRegister && equality) {
      shareNotNull(i, operation, left, right, here, there);
    }
    boolean withNull = !fromRegister && i.imm() == 0;
    if (!word && equality && left.mayBeNull() && withNull) {
      boolean nullHere = operation == BPF_JNE;
      nulls.decide(here, i.dst(), nullHere);
      nulls.decide(there, i.dst(), !nullHere);
      return;
    }
    boolean matched =
        fromRegister && !word && comparePackets(i, operation, left, right, here, there);
    if (!matched && verification.isSecret(verification.register(i.dst()))) {
      throw Rejection.access("R%d pointer comparison prohibited", i.dst());
    }
  }

  /** A pointer that equals one that is never NULL is none either. */
  private static void shareNotNull(
      Instruction i, int operation, Register left, Register right, State here, State there) {
    boolean applies =
        left.isPointer()
            && right.isPointer()
            && left.mayBeNull() != right.mayBeNull()
            && left.kind != Kind.BTF
            && right.kind != Kind.BTF;
    if (applies) {
      State equal = operation == BPF_JEQ ? there : here;
      NullChecks.notNull(equal.register(right.mayBeNull() ? i.src() : i.dst()));
    }
  }

  /** A comparison with the packet's end, or of the metadata with the packet's start. */
  private boolean comparePackets(
      Instruction i, int operation, Register left, Register right, State here, State there) {
    boolean leftIsData = isBounded(left, right);
    if (!leftIsData && !isBounded(right, left)) {
      return false;
    }
    int data = leftIsData ? i.dst() : i.src();
    Register pointer = leftIsData ? left.copy() : right.copy();
    int seen = leftIsData ? operation : Comparison.flipped(operation);
    switch (seen) {
      case BPF_JGT -> compared(here, there, pointer, data, false);
      case BPF_JGE -> compared(here, there, pointer, data, true);
      case BPF_JLT -> compared(there, here, pointer, data, true);
      case BPF_JLE -> compared(there, here, pointer, data, false);
      default -> {
        return false;
      }
    }
    return true;
  }

  /**
   * The pointer is within the packet on one way, and past its end on the other.
   *
   * @param open whether a byte more is there, as the pointer is below the end
   */
  private static void compared(
      State within, State beyond, Register pointer, int number, boolean open) {
    extend(within, pointer, open);
    Register outside = beyond.register(number);
    if (outside.kind == Kind.PACKET) {
      outside.extent = open ? Register.AT_PACKET_END : Register.BEYOND_PACKET_END;
    }
  }

  private static boolean isBounded(Register data, Register end) {
    return (data.kind == Kind.PACKET && end.kind == Kind.PACKET_END)
        || (data.kind == Kind.PACKET_META && isPacketStart(end));
  }

  private static boolean isPacketStart(Register r) {
    return r.kind == Kind.PACKET && r.id == 0 && r.offset == 0 && r.bits.is(0);
  }

  private static void extend(State state, Register pointer, boolean open) {
    if (pointer.offset < 0 || (pointer.offset == 0 && open)) {
      return;
    }
    if (Long.compareUnsigned(pointer.umax, MAX_PACKET_OFFSET) > 0
        || pointer.umax + pointer.offset > MAX_PACKET_OFFSET) {
      return;
    }
    int extent = pointer.offset + (open ? 1 : 0);
    state.forEachRegister((frame, register) -> {
      if (register.kind == pointer.kind && register.id == pointer.id) {
        register.extent = Math.max(register.extent, extent);
      }
    });
  }
}
