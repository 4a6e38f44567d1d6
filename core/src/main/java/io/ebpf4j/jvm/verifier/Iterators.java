package io.ebpf4j.jvm.verifier;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.jvm.helper.KfuncFlag;
import io.ebpf4j.jvm.verifier.KfuncStep.Call;
import io.ebpf4j.jvm.verifier.Register.Kind;
import io.ebpf4j.spec.Errno;
import org.jspecify.annotations.Nullable;

/**
 * Open-coded iterators: an iterator lies on the stack from its {@code new} to its {@code destroy},
 * and {@code next} goes two ways, with an element and at the end. The way with an element comes
 * back to {@code next} in a loop; it ends where a checkpoint there covers it.
 */
final class Iterators {
  private static final String NOUN = "iter";
  private static final String PREFIX = "bpf_iter_";

  private final Verification verification;
  private final StackObjects objects;
  private final MemoryAccess memory;
  private final Exploration exploration;

  Iterators(
      Verification verification,
      StackObjects objects,
      MemoryAccess memory,
      Exploration exploration) {
    this.verification = verification;
    this.objects = objects;
    this.memory = memory;
    this.exploration = exploration;
  }

  /** Checks an argument that is an iterator; begins or ends it. */
  void argument(int number, int type, Call call) {
    Register pointer = verification.register(number);
    if (pointer.kind != Kind.STACK) {
      throw Rejection.invalid("arg#%d expected pointer to an iterator on stack", number - 1);
    }
    Btf btf = call.kfunc.types();
    int slots = btf.sizeOf(type) / Frame.SLOT_BYTES;
    if (call.kfunc.is(KfuncFlag.ITERATOR_NEW)) {
      begin(number, type, slots, call);
      return;
    }
    String name = btf.name(type).substring(PREFIX.length());
    int place = objects.place(pointer, slots, NOUN);
    Frame frame = objects.frameOf(pointer);
    if (place == StackObjects.OUTSIDE || !isInitialized(frame, place, slots, btf, type)) {
      throw Rejection.invalid("expected an initialized iter_%s as arg #%d", name, number - 1);
    }
    for (int i = 0; i < slots; i++) {
      objects.read(frame, place - i);
    }
    Register iterator = frame.spill(place);
    call.reference = iterator.reference;
    call.iterator = new Place(frame.number, place);
    if (call.kfunc.is(KfuncFlag.ITERATOR_DESTROY)) {
      objects.release(iterator.reference);
      for (int i = 0; i < slots; i++) {
        objects.clear(frame, place - i);
      }
    }
  }

  /** Where an iterator lies. */
  record Place(int frame, int slot) {
    Register in(State state) {
      return state.frame(frame).spill(slot);
    }
  }

  private void begin(int number, int type, int slots, Call call) {
    Register pointer = verification.register(number);
    Btf btf = call.kfunc.types();
    String name = btf.name(type).substring(PREFIX.length());
    Frame frame = objects.frameOf(pointer);
    int place = objects.place(pointer, slots, NOUN);
    for (int i = 0; i < slots && place != StackObjects.OUTSIDE; i++) {
      if (hasAny(frame, place - i)) {
        throw Rejection.invalid("expected uninitialized iter_%s as arg #%d", name, number - 1);
      }
    }
    for (int i = 0; i < slots; i++) {
      memory.stack().store(number, pointer.offset + i * Frame.SLOT_BYTES, Frame.SLOT_BYTES, -1);
    }
    place = objects.place(pointer, slots, NOUN);
    int reference = objects.acquire();
    for (int i = 0; i < slots; i++) {
      Register slot = frame.spill(place - i);
      slot.setPointer(Kind.ITERATOR, 0);
      slot.btf = btf;
      slot.btfId = type;
      slot.reference = i == 0 ? reference : 0;
      objects.mark(frame, place - i, Frame.ITERATOR);
    }
  }

  private static boolean hasAny(Frame frame, int slot) {
    for (int i = slot * Frame.SLOT_BYTES; i < (slot + 1) * Frame.SLOT_BYTES; i++) {
      if (frame.bytes[i] == Frame.ITERATOR) {
        return true;
      }
    }
    return false;
  }

  private static boolean isInitialized(Frame frame, int place, int slots, Btf btf, int type) {
    for (int i = 0; i < slots; i++) {
      if (!StackObjects.is(frame, place - i, Frame.ITERATOR)) {
        return false;
      }
      Register slot = frame.spill(place - i);
      if ((slot.reference != 0) != (i == 0) || slot.btf != btf || slot.btfId != type) {
        return false;
      }
    }
    return true;
  }

  /** Goes on at the end of the iteration, and keeps the way with an element for later. */
  void next(Call call) {
    Place place = call.iterator;
    if (place == null) {
      throw new IllegalStateException("next without an iterator");
    }
    State state = verification.state;
    int slot = verification.slot;
    Register iterator = place.in(state);
    if (!iterator.drained) {
      State previous = state.parent == null ? null : exploration.previousEntry(state.parent, slot);
      State queued = verification.push(slot + 1, slot, Errno.ENOMEM);
      place.in(queued).extent++;
      if (previous != null) {
        FunctionCalls.widen(previous, queued);
      }
      NullChecks.notNull(queued.register(0));
    }
    iterator.drained = true;
    verification.markZero(verification.register(0));
  }

  /** Whether the iterator that R1 points to has elements yet. */
  static boolean isActive(State state) {
    Register pointer = state.register(1);
    int slot = (int) (-(pointer.offset + pointer.bits.value()) - 1) / Frame.SLOT_BYTES;
    return !state.frame(pointer.frame).spill(slot).drained;
  }

  /** Whether an iterator that has elements yet has given another number of them. */
  static boolean depthsDiffer(State old, State now) {
    for (int f = old.current; f >= 0; f--) {
      Frame before = old.frame(f);
      Frame after = now.frame(f);
      for (int slot = 0; slot < before.slots(); slot++) {
        @Nullable Register iterator = before.spills[slot];
        if (before.bytes[slot * Frame.SLOT_BYTES] == Frame.ITERATOR
            && iterator != null
            && !iterator.drained
            && after.spill(slot).extent != iterator.extent) {
          return true;
        }
      }
    }
    return false;
  }
}
