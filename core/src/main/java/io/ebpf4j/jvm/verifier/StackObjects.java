package io.ebpf4j.jvm.verifier;

import io.ebpf4j.jvm.verifier.State.Reference;

/** Objects of the kernel that lie on the program's stack: where, and what holds them. */
final class StackObjects {
  /** Not within the stack that the function has used so far. */
  static final int OUTSIDE = -1;

  private final Verification verification;

  StackObjects(Verification verification) {
    this.verification = verification;
  }

  Frame frameOf(Register pointer) {
    return verification.state.frame(pointer.frame);
  }

  /**
   * The uppermost slot of an object that a pointer leads to.
   *
   * @param slots how many slots it has, this one and those above its number
   * @param noun what the log calls it
   * @return the slot, or {@link #OUTSIDE}
   */
  int place(Register pointer, int slots, String noun) {
    if (!pointer.bits.isConstant()) {
      throw Rejection.invalid("%s has to be at a constant offset", noun);
    }
    long offset = pointer.offset + pointer.bits.value();
    long slot = (-offset - 1) / Frame.SLOT_BYTES;
    if (offset % Frame.SLOT_BYTES != 0 || slot + 1 < slots) {
      throw Rejection.invalid("cannot pass in %s at an offset=%d", noun, offset);
    }
    // Linux takes the frame pointer itself for the slot below it; that would write above the frame.
    boolean inside = offset < 0 && slot < frameOf(pointer).slots();
    return inside ? (int) slot : OUTSIDE;
  }

  /** Marks all bytes of a slot. */
  void mark(Frame frame, int slot, byte type) {
    int first = slot * Frame.SLOT_BYTES;
    java.util.Arrays.fill(frame.bytes, first, first + Frame.SLOT_BYTES, type);
    written(frame, slot);
  }

  /** Forgets what lay in a slot. */
  void clear(Frame frame, int slot) {
    frame.clearSlot(slot);
    written(frame, slot);
  }

  private void written(Frame frame, int slot) {
    verification.stackLiveness.write(frame.number, 1L << slot);
    touched(slot);
  }

  /** A slot is read. */
  void read(Frame frame, int slot) {
    verification.stackLiveness.read(
        verification.state, frame.number, verification.slot, 1L << slot);
    touched(slot);
  }

  void touched(int slot) {
    verification.touchedSlots |= 1L << slot;
  }

  /** Whether all bytes of a slot are of a type. */
  static boolean is(Frame frame, int slot, byte type) {
    int first = slot * Frame.SLOT_BYTES;
    for (int i = first; i < first + Frame.SLOT_BYTES; i++) {
      if (frame.bytes[i] != type) {
        return false;
      }
    }
    return true;
  }

  /** Gives a reference back; what came with it is worth nothing from here on. */
  void release(int reference) {
    verification.state.release(Reference.OBJECT, reference);
    verification.state.forEachRegister((frame, register) -> {
      if (register.reference == reference) {
        verification.invalidate(register);
      }
    });
  }

  /** Takes a reference that the program must give back. */
  int acquire() {
    int id = verification.nextId();
    verification.state.acquire(new Reference(Reference.OBJECT, id, verification.slot));
    return id;
  }
}
