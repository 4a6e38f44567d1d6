package io.ebpf4j.jvm.verifier;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.spec.Errno;
import org.jspecify.annotations.Nullable;

/** Loads and stores of the stack: what was stored is loaded again with all that is known of it. */
final class StackAccess {
  private static final int MAX_STACK = 512;
  private static final int MAX_OFFSET = 1 << 29;

  private final Verification verification;
  private final Dynptrs dynptrs;

  StackAccess(Verification verification) {
    this.verification = verification;
    this.dynptrs = new Dynptrs(verification);
  }

  Dynptrs dynptrs() {
    return dynptrs;
  }

  private Frame frameOf(Register pointer) {
    return verification.state.frame(pointer.frame);
  }

  /** A load into a register, or with -1 into none. */
  void load(int pointerNumber, int offset, int size, int to) {
    Register pointer = verification.register(pointerNumber);
    checkBounds(pointerNumber, offset, size, false);
    Frame frame = frameOf(pointer);
    if (pointer.bits.isConstant()) {
      loadFixed(frame, offset + (int) pointer.bits.value(), size, to);
      return;
    }
    if (to < 0) {
      throw Rejection.access(
          "variable offset stack pointer cannot be passed into helper function; var_off=%s off=%d"
              + " size=%d",
          pointer.bits, offset, size);
    }
    checkInitialized(pointerNumber, offset, size, false, false, null);
    int min = (int) pointer.smin + offset;
    int max = (int) pointer.smax + offset;
    loadBytes(frame, min, max + size, to);
  }

  /** A store of a register, or with -1 of an immediate or what an atomic operation leaves. */
  void store(int pointerNumber, int offset, int size, int from) {
    Register pointer = verification.register(pointerNumber);
    checkBounds(pointerNumber, offset, size, true);
    Frame frame = frameOf(pointer);
    if (pointer.bits.isConstant()) {
      storeFixed(frame, offset + (int) pointer.bits.value(), size, from);
    } else {
      storeVariable(frame, pointer, offset, size, from);
    }
  }

  /** Checks that an access lies in the stack, and makes room there. */
  private void checkBounds(int pointerNumber, int offset, int size, boolean write) {
    Register pointer = verification.register(pointerNumber);
    String direction = write ? " write to" : " read from";
    long min;
    long max;
    if (pointer.bits.isConstant()) {
      min = pointer.bits.value() + offset;
      max = min + size;
    } else {
      if (pointer.smax >= MAX_OFFSET || pointer.smin <= -MAX_OFFSET) {
        throw Rejection.access(
            "invalid unbounded variable-offset%s stack R%d", direction, pointerNumber);
      }
      min = pointer.smin + offset;
      max = pointer.smax + offset + size;
    }
    Frame frame = frameOf(pointer);
    int lowest = write || verification.rules.leaksPointers() ? -MAX_STACK : -frame.bytes.length;
    Errno errno = null;
    if (min < lowest || min > -1) {
      errno = Errno.EACCES;
    } else if (max > 0) {
      errno = Errno.EINVAL;
    } else if (size < 0) {
      errno = Errno.EFAULT;
    }
    if (errno != null) {
      throw new Rejection(
          errno,
          pointer.bits.isConstant()
              ? "invalid%s stack R%d off=%d size=%d".formatted(direction, pointerNumber, min, size)
              : "invalid variable-offset%s stack R%d var_off=%s off=%d size=%d"
                  .formatted(direction, pointerNumber, pointer.bits, offset, size));
    }
    frame.grow((int) -min);
    int[] depths = verification.stackDepths;
    depths[frame.subProgram] = Math.max(depths[frame.subProgram], (int) -min);
  }

  private void touched(int slot) {
    verification.touchedSlots |= 1L << slot;
  }

  private void readLive(Frame frame, int slot) {
    verification.stackLiveness.read(
        verification.state, frame.number, verification.slot, 1L << slot);
  }

  private void loadFixed(Frame frame, int offset, int size, int to) {
    int byteIndex = -offset - 1;
    int slot = byteIndex / Frame.SLOT_BYTES;
    touched(slot);
    readLive(frame, slot);
    if (!frame.isSpilled(slot)) {
      for (int i = 0; i < size; i++) {
        checkReadable(frame.bytes[slotByte(slot, byteIndex - i)], offset, i, size);
      }
      if (to >= 0) {
        loadBytes(frame, offset, offset + size, to);
      }
      return;
    }
    Register spill = frame.spill(slot);
    int spilled = spilledBytes(frame, slot);
    boolean restored = true;
    if (size != Frame.SLOT_BYTES || spilled != Frame.SLOT_BYTES) {
      if (!spill.isScalar()) {
        throw Rejection.access("invalid size of register fill");
      }
      if (to < 0) {
        return;
      }
      restored = loadPart(frame, slot, offset, size, spilled, to);
    } else if (to >= 0) {
      if (verification.rules.capable()) {
        verification.linkBeforeCopy(spill);
      }
      verification.register(to).set(spill);
    } else if (verification.isSecret(spill)) {
      throw Rejection.access("leaking pointer from stack off %d", offset);
    }
    if (restored) {
      verification.noteStep(State.stackAccess(slot, frame.number), 0);
    }
  }

  /** Loads a part of a spilled number, and says whether it is still that number. */
  private boolean loadPart(Frame frame, int slot, int offset, int size, int spilled, int to) {
    Register spill = frame.spill(slot);
    Register register = verification.register(to);
    if (size <= spilled && offset % Frame.SLOT_BYTES == 0) {
      if (verification.rules.capable() && size == 4 && spilled == 4 && width(spill) <= 32) {
        verification.linkBeforeCopy(spill);
      }
      register.set(spill);
      if (width(spill) > size * Byte.SIZE) {
        register.id = 0;
      }
      return true;
    }
    int spillCount = 0;
    int zeroCount = 0;
    int byteIndex = -offset - 1;
    for (int i = 0; i < size; i++) {
      byte type = frame.bytes[slotByte(slot, byteIndex - i)];
      if (type == Frame.SPILL) {
        spillCount++;
      } else {
        zeroCount += type == Frame.ZERO ? 1 : 0;
        checkReadable(type, offset, i, size);
      }
    }
    if (spillCount == size && spill.bits.is(0)) {
      verification.markZero(register);
      return true;
    }
    if (zeroCount == size) {
      verification.markZero(register);
    } else {
      verification.markUnknown(register);
    }
    return false;
  }

  private static int slotByte(int slot, int byteIndex) {
    return slot * Frame.SLOT_BYTES + byteIndex % Frame.SLOT_BYTES;
  }

  static int width(Register register) {
    return Long.SIZE - Long.numberOfLeadingZeros(register.umax);
  }

  private static int spilledBytes(Frame frame, int slot) {
    int count = 1;
    int last = slot * Frame.SLOT_BYTES + Frame.SLOT_BYTES - 1;
    while (count < Frame.SLOT_BYTES && frame.bytes[last - count] == Frame.SPILL) {
      count++;
    }
    return count;
  }

  private void checkReadable(byte type, int offset, int index, int size) {
    boolean readable =
        type == Frame.MISC
            || type == Frame.ZERO
            || (type == Frame.INVALID && verification.rules.leaksPointers());
    if (!readable) {
      throw Rejection.access("invalid read from stack off %d+%d size %d", offset, index, size);
    }
  }

  /** Loads bytes that are no spilled register as a whole: zero, or anything. */
  private void loadBytes(Frame frame, int min, int max, int to) {
    boolean zero = true;
    for (int i = min; i < max && zero; i++) {
      int byteIndex = -i - 1;
      touched(byteIndex / Frame.SLOT_BYTES);
      zero = frame.bytes[byteIndex] == Frame.ZERO;
    }
    if (zero) {
      verification.markZero(verification.register(to));
    } else {
      verification.markUnknown(verification.register(to));
    }
  }

  private boolean isImmediateStore() {
    Instruction i = verification.instruction();
    return i.instructionClass() == Isa.BPF_ST && (i.opcode() & 0xe0) == Isa.BPF_MEM;
  }

  private void storeFixed(Frame frame, int offset, int size, int from) {
    int byteIndex = -offset - 1;
    int slot = byteIndex / Frame.SLOT_BYTES;
    boolean whole = offset % Frame.SLOT_BYTES == 0;
    Register register = from < 0 ? null : verification.register(from);
    if (!verification.rules.leaksPointers()
        && frame.isSpilled(slot)
        && !frame.isSpilledScalar(slot)
        && size != Frame.SLOT_BYTES) {
      throw Rejection.access("attempt to corrupt spilled pointer on stack");
    }
    dynptrs.overwrite(frame, slot);
    stopGuesses(frame, slot, byteIndex, size, register);
    touched(slot);
    if (whole && size == Frame.SLOT_BYTES) {
      verification.stackLiveness.write(frame.number, 1L << slot);
    }
    if (register != null && whole && register.isScalar() && verification.rules.capable()) {
      boolean fits = width(register) <= size * Byte.SIZE;
      if (fits) {
        verification.linkBeforeCopy(register);
      }
      spill(frame, slot, register, size);
      if (!fits) {
        frame.spill(slot).id = 0;
      }
    } else if (register == null && whole && isImmediateStore() && verification.rules.capable()) {
      Register immediate = new Register();
      immediate.setConstant(verification.instruction().imm());
      spill(frame, slot, immediate, size);
    } else if (register != null && isSpillable(register)) {
      if (size != Frame.SLOT_BYTES) {
        throw Rejection.access("invalid size of register spill");
      }
      if (frame != verification.frame() && register.kind == Register.Kind.STACK) {
        throw Rejection.invalid("cannot spill pointers to stack into stack frame of the caller");
      }
      spill(frame, slot, register, size);
    } else {
      storeBytes(frame, slot, byteIndex, size, from);
      return;
    }
    verification.noteStep(State.stackAccess(slot, frame.number), 0);
  }

  /** A guess does not go on behind a store that it might overtake. */
  private void stopGuesses(
      Frame frame, int slot, int byteIndex, int size, @Nullable Register register) {
    if (verification.rules.leaksPointers()) {
      return;
    }
    boolean stops = register != null && register.isPointer();
    for (int i = 0; i < size; i++) {
      byte type = frame.bytes[slotByte(slot, byteIndex - i)];
      stops |= type != Frame.MISC && type != Frame.ZERO;
    }
    if (stops) {
      verification.stopsBehind.set(verification.slot);
    }
  }

  /** A dynptr that a function is given is a number when it comes back from the stack. */
  private static boolean isSpillable(Register register) {
    return register.isPointer() && register.kind != Register.Kind.DYNPTR;
  }

  private void spill(Frame frame, int slot, Register register, int size) {
    frame.spill(slot).set(register);
    int end = (slot + 1) * Frame.SLOT_BYTES;
    for (int i = 1; i <= Frame.SLOT_BYTES; i++) {
      if (i <= size) {
        frame.bytes[end - i] = Frame.SPILL;
      } else if (frame.bytes[end - i] != Frame.ZERO
          && !(verification.rules.leaksPointers() && frame.bytes[end - i] == Frame.INVALID)) {
        frame.bytes[end - i] = Frame.MISC;
      }
    }
  }

  private void storeBytes(Frame frame, int slot, int byteIndex, int size, int from) {
    if (frame.isSpecial(slot)) {
      scrub(frame, slot);
    }
    frame.spills[slot] = null;
    byte type = Frame.MISC;
    if (isZero(from)) {
      if (from >= 0) {
        verification.markPrecise(from);
      }
      type = Frame.ZERO;
    }
    for (int i = 0; i < size; i++) {
      frame.bytes[slotByte(slot, byteIndex - i)] = type;
    }
  }

  private boolean isZero(int from) {
    return from >= 0
        ? verification.register(from).isNull()
        : isImmediateStore() && verification.instruction().imm() == 0;
  }

  private static void scrub(Frame frame, int slot) {
    for (int i = slot * Frame.SLOT_BYTES; i < (slot + 1) * Frame.SLOT_BYTES; i++) {
      if (frame.bytes[i] != Frame.INVALID) {
        frame.bytes[i] = Frame.MISC;
      }
    }
  }

  private void storeVariable(Frame frame, Register pointer, int offset, int size, int from) {
    int min = (int) pointer.smin + offset;
    int max = (int) pointer.smax + offset + size;
    boolean zero = isZero(from);
    boolean zeroUsed = false;
    for (int i = min; i < max; i++) {
      dynptrs.overwrite(frame, (-i - 1) / Frame.SLOT_BYTES);
    }
    for (int i = min; i < max; i++) {
      int byteIndex = -i - 1;
      int slot = byteIndex / Frame.SLOT_BYTES;
      byte type = frame.bytes[byteIndex];
      touched(slot);
      if (!verification.rules.leaksPointers() && type != Frame.MISC && type != Frame.ZERO) {
        throw Rejection.invalid(
            "spilled ptr in range of var-offset stack write; insn %d, ptr off: %d",
            verification.slot, i);
      }
      if (zero
          && type == Frame.SPILL
          && frame.isSpilledScalar(slot)
          && frame.spill(slot).bits.is(0)) {
        zeroUsed = true;
        continue;
      }
      frame.spill(slot).clear();
      boolean staysZero = zero && type == Frame.ZERO;
      zeroUsed |= staysZero;
      frame.bytes[byteIndex] = staysZero ? Frame.ZERO : Frame.MISC;
    }
    if (zeroUsed && from >= 0) {
      verification.markPrecise(from);
    }
  }

  /** What a helper may do to memory of the stack. */
  static final class Raw {
    int size;
    int register = -1;
  }

  /**
   * Checks that a helper may read a part of the stack, or read and write it.
   *
   * @param raw where the helper writes without reading: takes note of how much, or null
   */
  void checkInitialized(
      int number, int offset, int size, boolean zeroAllowed, boolean write, @Nullable Raw raw) {
    Register pointer = verification.register(number);
    if (size == 0 && !zeroAllowed) {
      throw Rejection.access("invalid zero-sized read");
    }
    checkBounds(number, offset, size, write);
    Frame frame = frameOf(pointer);
    boolean fixed = pointer.bits.isConstant();
    if (!fixed && !verification.rules.leaksPointers()) {
      throw Rejection.access(
          "R%d variable offset stack access prohibited for !root, var_off=%s",
          number, pointer.bits);
    }
    if (raw != null && fixed) {
      checkNoDynptr(frame, (int) pointer.bits.value() + offset, size);
      raw.size = size;
      raw.register = number;
      return;
    }
    int min = (int) (fixed ? pointer.bits.value() : pointer.smin) + offset;
    int max = (int) (fixed ? pointer.bits.value() : pointer.smax) + offset;
    for (int i = min; i < max + size; i++) {
      int byteIndex = -i - 1;
      int slot = byteIndex / Frame.SLOT_BYTES;
      checkByte(frame, number, pointer, byteIndex, i - min, min, size, write);
      readLive(frame, slot);
    }
  }

  private static void checkNoDynptr(Frame frame, int min, int size) {
    for (int i = min; i < min + size; i++) {
      int byteIndex = -i - 1;
      if (byteIndex < frame.bytes.length && frame.bytes[byteIndex] == Frame.DYNPTR) {
        throw Rejection.access("potential write to dynptr at off=%d disallowed", i);
      }
    }
  }

  private void checkByte(
      Frame frame,
      int number,
      Register pointer,
      int byteIndex,
      int index,
      int min,
      int size,
      boolean write) {
    byte type = frame.bytes[byteIndex];
    int slot = byteIndex / Frame.SLOT_BYTES;
    if (type == Frame.MISC) {
      return;
    }
    if (type == Frame.ZERO || (type == Frame.INVALID && verification.rules.leaksPointers())) {
      if (write) {
        frame.bytes[byteIndex] = Frame.MISC;
      }
      return;
    }
    if (frame.isSpilled(slot)
        && (frame.spill(slot).isScalar() || verification.rules.leaksPointers())) {
      if (write) {
        frame.spill(slot).setUnknown();
        scrub(frame, slot);
      }
      return;
    }
    throw Rejection.access(
        pointer.bits.isConstant()
            ? "invalid read from stack R%d off %d+%d size %d".formatted(number, min, index, size)
            : "invalid read from stack R%d var_off %s+%d size %d"
                .formatted(number, pointer.bits, index, size));
  }
}
