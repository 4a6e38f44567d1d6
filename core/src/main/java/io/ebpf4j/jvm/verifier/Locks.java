package io.ebpf4j.jvm.verifier;

import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.helper.KfuncFlag;
import io.ebpf4j.jvm.map.MapShape;
import io.ebpf4j.jvm.map.SpecialFields;
import io.ebpf4j.jvm.verifier.State.Reference;

/** Spin locks, and that on every path what was taken is given back. */
final class Locks {
  static final int LOCK = 93;
  static final int UNLOCK = 94;

  private final Verification verification;

  Locks(Verification verification) {
    this.verification = verification;
  }

  /** Takes or releases the lock that an argument points at. */
  void argument(int number, boolean takes) {
    Register register = verification.register(number);
    MapShape map = register.map;
    if (map == null) {
      throw new IllegalStateException("a map value without its map");
    }
    if (!register.bits.isConstant()) {
      throw Rejection.invalid(
          "R%d doesn't have constant offset. bpf_spin_lock has to be at the constant offset",
          number);
    }
    if (map.spec().btf() == null || map.spec().valueType() == 0) {
      throw Rejection.invalid(
          "map '%s' has to have BTF in order to use bpf_spin_lock", map.spec().name());
    }
    int offset =
        map.specialFields().fields().stream()
            .filter(field -> field.kind() == SpecialFields.Kind.SPIN_LOCK)
            .mapToInt(SpecialFields.Field::offset)
            .findFirst()
            .orElseThrow(
                () -> Rejection.invalid("map '%s' has no valid bpf_spin_lock", map.spec().name()));
    long at = register.bits.value() + register.offset;
    if (offset != at) {
      throw Rejection.invalid(
          "off %d doesn't point to 'struct bpf_spin_lock' that is at %d", at, offset);
    }
    State state = verification.state;
    if (takes) {
      if (state.locks > 0) {
        throw Rejection.invalid("Locking two bpf_spin_locks are not allowed");
      }
      state.acquire(new Reference(Reference.LOCK, register.id, verification.slot));
      state.activeLockId = register.id;
      state.activeLock = map;
    } else {
      release(register, map, state);
    }
  }

  private static void release(Register register, MapShape map, State state) {
    if (state.locks == 0) {
      throw Rejection.invalid("bpf_spin_unlock without taking a lock");
    }
    if (state.activeLock != map || !state.release(Reference.LOCK, register.id)) {
      throw Rejection.invalid("bpf_spin_unlock of different lock");
    }
    state.activeLockId = 0;
    state.activeLock = null;
  }

  /** Checks that a call may be made while a lock is held. */
  void checkCall(int source, int callee) {
    boolean allowed =
        switch (source) {
          case 0 -> callee == UNLOCK;
          case Isa.BPF_PSEUDO_KFUNC_CALL ->
              verification
                  .subject
                  .kfuncs()
                  .find(callee)
                  .filter(kfunc -> kfunc.is(KfuncFlag.UNDER_LOCK))
                  .isPresent();
          default -> true;
        };
    if (verification.state.locks > 0 && !allowed) {
      throw Rejection.invalid("function calls are not allowed while holding a lock");
    }
  }

  /** Checks that nothing is held that would be lost. */
  void checkNothingHeld(String by) {
    checkUnlocked(by);
    checkReferences(by);
    Sections.checkClosed(verification.state, by);
  }

  private void checkUnlocked(String by) {
    if (verification.state.locks > 0) {
      throw Rejection.invalid("%s cannot be used inside bpf_spin_lock-ed region", by);
    }
  }

  private void checkReferences(String by) {
    StringBuilder text = new StringBuilder();
    for (Reference reference : verification.state.references) {
      if (reference.kind() == Reference.OBJECT) {
        text.append(
            "Unreleased reference id=%d alloc_insn=%d%n"
                .formatted(reference.id(), reference.slot()));
      }
    }
    if (!text.isEmpty()) {
      throw Rejection.invalid("%s%s would lead to reference leak", text, by);
    }
  }

  /** Checks what a function holds when it returns; the first function may hold nothing. */
  void checkExit() {
    State state = verification.state;
    String by = "BPF_EXIT instruction in main prog";
    if (state.current == 0) {
      checkNothingHeld(by);
    }
  }
}
