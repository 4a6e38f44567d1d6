package io.ebpf4j.jvm.verifier;

import io.ebpf4j.jvm.helper.HelperPrototype;
import io.ebpf4j.jvm.helper.KfuncFlag;
import io.ebpf4j.jvm.helper.KfuncPrototype;
import io.ebpf4j.jvm.verifier.Register.Kind;
import io.ebpf4j.jvm.verifier.State.Reference;

/** RCU sections, and sections in which a program is neither preempted nor interrupted. */
final class Sections {
  private static final String NOUN = "irq_flag";

  private final Verification verification;
  private final StackObjects objects;
  private final StackAccess stack;

  Sections(Verification verification, StackObjects objects, StackAccess stack) {
    this.verification = verification;
    this.objects = objects;
    this.stack = stack;
  }

  /** Enters or leaves the section that a kernel function begins or ends. */
  void call(KfuncPrototype kfunc) {
    State state = verification.state;
    switch (kfunc.name()) {
      case "bpf_rcu_read_lock" -> {
        if (state.rcuLocks > 0) {
          throw Rejection.invalid("nested rcu read lock (kernel function %s)", kfunc.name());
        }
        state.rcuLocks++;
      }
      case "bpf_rcu_read_unlock" -> rcuUnlock(kfunc);
      case "bpf_preempt_disable" -> state.preemptLocks++;
      case "bpf_preempt_enable" -> {
        if (state.preemptLocks == 0) {
          throw Rejection.invalid(
              "unmatched attempt to enable preemption (kernel function %s)", kfunc.name());
        }
        state.preemptLocks--;
      }
      default -> {
        if (kfunc.is(KfuncFlag.SLEEPABLE)) {
          String where = where(state);
          if (!where.isEmpty()) {
            throw Rejection.access("kernel func %s is sleepable within %s", kfunc.name(), where);
          }
        }
      }
    }
  }

  /** Checks that a helper which may sleep is called in none of the sections. */
  static void checkSleep(State state, HelperPrototype helper) {
    String where = where(state);
    if (helper.sleeps() && !where.isEmpty()) {
      throw Rejection.invalid(
          "sleepable helper bpf_%s#%d in %s", helper.name(), helper.id(), where);
    }
  }

  /** The section that the program is in, or empty. */
  private static String where(State state) {
    if (state.rcuLocks > 0) {
      return "rcu_read_lock region";
    }
    if (state.preemptLocks > 0) {
      return "non-preemptible region";
    }
    return state.irqSection != 0 ? "IRQ-disabled region" : "";
  }

  private void rcuUnlock(KfuncPrototype kfunc) {
    State state = verification.state;
    if (state.rcuLocks == 0) {
      throw Rejection.invalid("unmatched rcu read unlock (kernel function %s)", kfunc.name());
    }
    state.rcuLocks--;
    state.forEachRegister((frame, register) -> {
      if (register.is(Register.RCU)) {
        register.flags &= ~(Register.RCU | Register.MAYBE_NULL);
        register.flags |= Register.UNTRUSTED;
      }
    });
  }

  /** Saves or restores the flags that an argument points to. */
  void flags(int number, boolean saves) {
    Register pointer = verification.register(number);
    if (pointer.kind != Kind.STACK) {
      throw Rejection.invalid("arg#%d doesn't point to an irq flag on stack", number - 1);
    }
    if (saves) {
      save(number, pointer);
    } else {
      restore(number, pointer);
    }
  }

  private void save(int number, Register pointer) {
    Frame frame = objects.frameOf(pointer);
    int place = objects.place(pointer, 1, NOUN);
    if (place != StackObjects.OUTSIDE && hasFlags(frame, place)) {
      throw Rejection.invalid("expected uninitialized irq flag as arg#%d", number - 1);
    }
    stack.store(number, pointer.offset, Frame.SLOT_BYTES, -1);
    place = objects.place(pointer, 1, NOUN);
    int id = verification.nextId();
    verification.state.acquire(new Reference(Reference.IRQ, id, verification.slot));
    verification.state.irqSection = id;
    Register slot = frame.spill(place);
    slot.setPointer(Kind.IRQ_FLAGS, 0);
    slot.reference = id;
    objects.mark(frame, place, Frame.IRQ_FLAGS);
  }

  private void restore(int number, Register pointer) {
    Frame frame = objects.frameOf(pointer);
    int place = objects.place(pointer, 1, NOUN);
    if (place == StackObjects.OUTSIDE || !StackObjects.is(frame, place, Frame.IRQ_FLAGS)) {
      throw Rejection.invalid("expected an initialized irq flag as arg#%d", number - 1);
    }
    objects.read(frame, place);
    State state = verification.state;
    int id = frame.spill(place).reference;
    if (id != state.irqSection) {
      throw Rejection.access(
          "cannot restore irq state out of order, expected id=%d", state.irqSection);
    }
    int outer = 0;
    for (Reference reference : state.references) {
      if (reference.kind() == Reference.IRQ && reference.id() != id) {
        outer = reference.id();
      }
    }
    state.release(Reference.IRQ, id);
    state.irqSection = outer;
    objects.clear(frame, place);
  }

  private static boolean hasFlags(Frame frame, int slot) {
    for (int i = slot * Frame.SLOT_BYTES; i < (slot + 1) * Frame.SLOT_BYTES; i++) {
      if (frame.bytes[i] == Frame.IRQ_FLAGS) {
        return true;
      }
    }
    return false;
  }

  /** Checks that no section is open where it would be lost. */
  static void checkClosed(State state, String by) {
    if (state.irqSection != 0) {
      throw Rejection.invalid("%s cannot be used inside bpf_local_irq_save-ed region", by);
    }
    if (state.rcuLocks > 0) {
      throw Rejection.invalid("%s cannot be used inside bpf_rcu_read_lock-ed region", by);
    }
    if (state.preemptLocks > 0) {
      throw Rejection.invalid("%s cannot be used inside bpf_preempt_disable-ed region", by);
    }
  }
}
