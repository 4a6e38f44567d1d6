package io.ebpf4j.jvm.verifier;

import io.ebpf4j.jvm.helper.Dynptr;
import io.ebpf4j.jvm.verifier.Register.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Dynptrs: each has two slots of the stack, which programs use only through helpers and kernel
 * functions. What overwrites one of the slots ends it, and the slices of it.
 */
final class Dynptrs {
  private static final String NOUN = "dynptr";
  private static final int SLOTS = 2;
  private static final Dynptr.Type[] TYPES = Dynptr.Type.values();

  private final Verification verification;
  private final StackObjects objects;

  Dynptrs(Verification verification) {
    this.verification = verification;
    this.objects = new StackObjects(verification);
  }

  /**
   * A dynptr that is made.
   *
   * @param reference what a copied one holds, or 0
   */
  void begin(int number, StackAccess stack, Dynptr.@Nullable Type type, int reference) {
    Register pointer = verification.register(number);
    checkKind(number, pointer);
    if (pointer.kind == Kind.DYNPTR) {
      throw Rejection.invalid("Dynptr has to be an uninitialized dynptr");
    }
    objects.place(pointer, SLOTS, NOUN);
    for (int i = 0; i < SLOTS; i++) {
      stack.store(number, pointer.offset + i * Frame.SLOT_BYTES, Frame.SLOT_BYTES, -1);
    }
    Frame frame = objects.frameOf(pointer);
    int place = objects.place(pointer, SLOTS, NOUN);
    if (type == null) {
      throw Rejection.invalid("Dynptr has to be an uninitialized dynptr");
    }
    int id = verification.nextId();
    int held = 0;
    if (type.isReferenced()) {
      held = reference != 0 ? reference : objects.acquire();
    }
    for (int i = 0; i < SLOTS; i++) {
      Register slot = frame.spill(place - i);
      slot.setPointer(Kind.DYNPTR, 0);
      slot.extent = type.ordinal();
      slot.first = i == 0;
      slot.id = id;
      slot.reference = held;
      objects.mark(frame, place - i, Frame.DYNPTR);
    }
  }

  /** A dynptr that a function is given, and that it does not change. */
  static void setConstant(Register register, Verification verification) {
    register.setPointer(Kind.DYNPTR, 0);
    register.extent = Dynptr.Type.LOCAL.ordinal();
    register.first = true;
    register.id = verification.nextId();
  }

  /**
   * A dynptr that is used.
   *
   * @param expected its type, or null for any
   * @return its first slot, or the register where that is a constant dynptr itself
   */
  Register use(int number, Dynptr.@Nullable Type expected) {
    Register pointer = verification.register(number);
    checkKind(number, pointer);
    Register found = pointer;
    if (pointer.kind == Kind.STACK) {
      int place = objects.place(pointer, SLOTS, NOUN);
      Frame frame = objects.frameOf(pointer);
      boolean valid =
          place != StackObjects.OUTSIDE
              && frame.bytes[place * Frame.SLOT_BYTES] == Frame.DYNPTR
              && frame.spill(place).first
              && StackObjects.is(frame, place, Frame.DYNPTR)
              && StackObjects.is(frame, place - 1, Frame.DYNPTR);
      if (!valid) {
        throw Rejection.invalid("Expected an initialized dynptr as arg #%d", number - 1);
      }
      objects.read(frame, place);
      objects.read(frame, place - 1);
      found = frame.spill(place);
    }
    if (expected != null && typeOf(found) != expected) {
      throw Rejection.invalid(
          "Expected a dynptr of type %s as arg #%d", expected.label(), number - 1);
    }
    return found;
  }

  private static void checkKind(int number, Register pointer) {
    if (pointer.kind != Kind.STACK && pointer.kind != Kind.DYNPTR) {
      throw Rejection.invalid(
          "arg#%d expected pointer to stack or const struct bpf_dynptr", number - 1);
    }
  }

  static Dynptr.Type typeOf(Register dynptr) {
    return TYPES[dynptr.extent];
  }

  /** A dynptr that holds something gives it back, and so do all copies of it. */
  void release(int number) {
    Register pointer = verification.register(number);
    Frame frame = objects.frameOf(pointer);
    int place = objects.place(pointer, SLOTS, NOUN);
    int reference = frame.spill(place).reference;
    if (reference == 0) {
      forget(frame, place);
      return;
    }
    objects.release(reference);
    for (int slot = 1; slot < frame.slots(); slot++) {
      if (frame.bytes[slot * Frame.SLOT_BYTES] == Frame.DYNPTR
          && frame.spill(slot).first
          && frame.spill(slot).reference == reference) {
        forget(frame, slot);
      }
    }
  }

  /** What is written into a slot ends the dynptr that lies there. */
  void overwrite(Frame frame, int slot) {
    if (frame.bytes[slot * Frame.SLOT_BYTES] != Frame.DYNPTR) {
      return;
    }
    int first = frame.spill(slot).first ? slot : slot + 1;
    Register dynptr = frame.spill(first);
    if (typeOf(dynptr).isReferenced()) {
      throw Rejection.invalid("cannot overwrite referenced dynptr");
    }
    int id = dynptr.id;
    forget(frame, first);
    verification.state.forEachRegister((_, register) -> {
      boolean slice = register.kind == Kind.MEMORY && (register.flags & ~Register.MAYBE_NULL) == 0;
      if (slice && register.dynptr == id) {
        verification.invalidate(register);
      }
    });
  }

  private void forget(Frame frame, int first) {
    objects.clear(frame, first);
    objects.clear(frame, first - 1);
  }
}
