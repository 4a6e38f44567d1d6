package io.ebpf4j.jvm.verifier;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.verifier.Register.Kind;
import org.jspecify.annotations.Nullable;

/** Calls between functions of the program, and the way back from them. */
final class FunctionCalls {
  private final Verification verification;
  private final GlobalFunctions globals;
  private final Exploration exploration;

  FunctionCalls(Verification verification, GlobalFunctions globals, Exploration exploration) {
    this.verification = verification;
    this.globals = globals;
    this.exploration = exploration;
  }

  /** Checks what a function is called with against its BTF type. */
  void checkArguments(int function) {
    globals.checkCall(function);
  }

  /**
   * Calls a function.
   *
   * @return the slot at which the walk goes on
   */
  int call(Instruction i) {
    int slot = verification.slot;
    int function = verification.flow.functionOf(slot + i.imm() + 1);
    if (globals.isGlobal(function)) {
      callGlobal(function);
      return slot + 1;
    }
    globals.checkCall(function);
    State state = verification.state;
    Frame caller = state.frame();
    checkDepth(state);
    Frame callee = enter(state, function, slot);
    for (int n = 1; n <= 5; n++) {
      callee.registers[n].set(caller.registers[n]);
    }
    clearCallerSaved(caller);
    verification.stackLiveness.framesChanged();
    if (verification.log.isOn()) {
      verification.log.line("caller:");
      verification.log.line(StatePrinter.print(state, caller.number, -1, -1));
      verification.log.line("callee:");
      verification.log.line(StatePrinter.print(state, callee.number, -1, -1));
      verification.touchedRegisters = 0;
      verification.touchedSlots = 0;
    }
    return verification.flow.start(function);
  }

  private void callGlobal(int function) {
    if (verification.state.locks > 0) {
      throw Rejection.invalid(
          "global function calls are not allowed while holding a lock,\n"
              + "use static function instead");
    }
    String name = globals.name(function);
    try {
      globals.checkCall(function);
    } catch (Rejection refusal) {
      throw refusal.saying(
          "%s%nCaller passes invalid args into func#%d ('%s')"
              .formatted(refusal.text(), function, name));
    }
    if (verification.log.isOn()) {
      verification.log.line(
          "Func#%d ('%s') is global and assumed valid.".formatted(function, name));
    }
    if (verification.flow.changesPacket.get(function)) {
      HelperStep.dropPackets(verification);
    }
    globals.called(function);
    clearCallerSaved(verification.frame());
    verification.markUnknown(verification.register(0));
    verification.touchedRegisters |= 0x3f;
  }

  private static void clearCallerSaved(Frame frame) {
    for (int n = 0; n <= 5; n++) {
      frame.registers[n].clear();
    }
  }

  void checkDepth(State state) {
    if (state.current + 1 >= State.MAX_FRAMES) {
      throw Callbacks.tooDeep(state.current + 2);
    }
  }

  /** A new frame of a state. */
  Frame enter(State state, int function, int callSite) {
    state.current++;
    Frame callee = new Frame(callSite, state.current, function);
    Register pointer = callee.registers[10];
    pointer.setPointer(Kind.STACK, 0);
    pointer.frame = callee.number;
    state.frames[state.current] = callee;
    return callee;
  }

  /**
   * Returns from a function to its caller.
   *
   * @return the slot at which the walk goes on
   */
  int exit() {
    State state = verification.state;
    verification.stackLiveness.update(state);
    Frame callee = state.frame();
    Register result = callee.registers[0];
    if (result.kind == Kind.STACK) {
      throw Rejection.invalid("cannot return stack pointer to the caller");
    }
    Frame caller = state.frame(state.current - 1);
    if (callee.inCallback) {
      if (!result.isScalar()) {
        throw Rejection.access("R0 not a scalar value");
      }
      verification.markPrecise(0);
      if (result.smin < callee.returnMin || result.smax > callee.returnMax) {
        throw outOfRange(result, callee.returnMin, callee.returnMax, "At callback return");
      }
    } else {
      caller.registers[0].set(result);
    }
    int slot = callee.inCallback ? callee.callSite : callee.callSite + 1;
    if (verification.log.isOn()) {
      verification.log.line("returning from callee:");
      verification.log.line(StatePrinter.print(state, callee.number, -1, -1));
      verification.log.line("to caller at %d:".formatted(slot));
      verification.log.line(StatePrinter.print(state, caller.number, -1, -1));
      verification.touchedRegisters = 0;
      verification.touchedSlots = 0;
    }
    state.frames[state.current--] = null;
    verification.stackLiveness.framesChanged();
    if (callee.inCallback) {
      State previous = exploration.previousEntry(state, slot);
      if (previous != null) {
        widen(previous, state);
      }
    }
    return slot;
  }

  static Rejection outOfRange(Register r, int min, int max, String when) {
    StringBuilder text = new StringBuilder(when).append(" the register R0 has");
    if (r.smin > Long.MIN_VALUE) {
      text.append(" smin=").append(r.smin);
    }
    if (r.smax < Long.MAX_VALUE) {
      text.append(" smax=").append(r.smax);
    }
    if (r.smin == Long.MIN_VALUE && r.smax == Long.MAX_VALUE) {
      text.append(" unknown scalar value");
    }
    return Rejection.invalid("%s should have been in [%d, %d]", text, min, max);
  }

  /** Numbers that change from round to round and whose value has not mattered may be anything. */
  static void widen(State old, State now) {
    for (int f = now.current; f >= 0; f--) {
      Frame before = old.frame(f);
      Frame after = now.frame(f);
      for (int i = 0; i < 10; i++) {
        widen(before.registers[i], after.registers[i]);
      }
      for (int i = 0; i < Math.min(before.slots(), after.slots()); i++) {
        if (before.isSpilled(i) && after.isSpilled(i)) {
          widen(before.spill(i), after.spill(i));
        }
      }
    }
  }

  private static void widen(Register old, @Nullable Register now) {
    if (now == null || !old.isScalar() || !now.isScalar() || old.precise || now.precise) {
      return;
    }
    boolean same =
        old.bits.equals(now.bits)
            && old.smin == now.smin
            && old.smax == now.smax
            && old.umin == now.umin
            && old.umax == now.umax
            && old.s32min == now.s32min
            && old.s32max == now.s32max
            && old.u32min == now.u32min
            && old.u32max == now.u32max;
    if (!same) {
      now.setUnknown();
    }
  }
}
