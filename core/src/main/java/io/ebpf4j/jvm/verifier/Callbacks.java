package io.ebpf4j.jvm.verifier;

import io.ebpf4j.jvm.map.MapShape;
import io.ebpf4j.jvm.verifier.HelperStep.Call;
import io.ebpf4j.jvm.verifier.Register.Kind;
import io.ebpf4j.spec.Errno;

/**
 * Helpers that call a function of the program: the walk goes into it, as often as it may be called.
 */
final class Callbacks {
  private static final int TIMER_SET_CALLBACK = 170;
  private static final int FOR_EACH = 164;
  private static final int LOOP = 181;

  private final Verification verification;
  private final FunctionCalls calls;

  Callbacks(Verification verification, FunctionCalls calls) {
    this.verification = verification;
    this.calls = calls;
  }

  /** Keeps the way into the function for later; this way goes on as if it had not been called. */
  void before(Call call) {
    switch (call.helper.id()) {
      case FOR_EACH -> {
        switch (call.map().spec().type()) {
          case ARRAY, PERCPU_ARRAY, HASH, LRU_HASH, PERCPU_HASH, LRU_PERCPU_HASH -> {}
          default -> throw new Rejection(Errno.ENOTSUPP, "callback function not allowed for map");
        }
        push(call, (caller, callee) -> forEach(call, caller, callee));
      }
      case LOOP -> loop(call);
      case TIMER_SET_CALLBACK -> later(call.function, call.map(), false);
      default -> {}
    }
  }

  /** Sets what a function is called with. */
  @FunctionalInterface
  private interface Arguments {
    void set(Frame caller, Frame callee);
  }

  private void loop(Call call) {
    if (!verification.register(1).isScalar()) {
      throw new Rejection(Errno.EFAULT, "verifier bug: backtracking misuse");
    }
    verification.markPrecise(1);
    Frame caller = verification.frame();
    if (Long.compareUnsigned(caller.callbackDepth, caller.registers[1].umax) < 0) {
      push(call, Callbacks::loop);
    } else {
      caller.callbackDepth = 0;
    }
  }

  private static void loop(Frame caller, Frame callee) {
    callee.registers[1].setUnknown();
    callee.registers[2].set(caller.registers[3]);
    mayReturn(callee, 1);
  }

  private static void forEach(Call call, Frame caller, Frame callee) {
    callee.registers[1].set(caller.registers[1]);
    pointer(call.map(), callee.registers[2], Kind.MAP_KEY);
    pointer(call.map(), callee.registers[3], Kind.MAP_VALUE);
    callee.registers[4].set(caller.registers[3]);
    mayReturn(callee, 1);
  }

  private static void pointer(MapShape map, Register register, Kind kind) {
    register.setPointer(kind, 0);
    register.map = map;
  }

  private static void mayReturn(Frame callee, int max) {
    callee.inCallback = true;
    callee.returnMin = 0;
    callee.returnMax = max;
  }

  private void push(Call call, Arguments arguments) {
    calls.checkArguments(call.function);
    State state = verification.push(verification.flow.start(call.function), verification.slot);
    Frame caller = state.frame();
    calls.checkDepth(state);
    Frame callee = calls.enter(state, call.function, verification.slot);
    arguments.set(caller, callee);
    state.unrolledCallbacks++;
    caller.callbackDepth++;
    verification.frame().callbackDepth = 0;
  }

  /** Keeps the way into a function that runs some time later, with an element of a map. */
  void later(int function, MapShape map, boolean sleepable) {
    calls.checkArguments(function);
    verification.calledLater.set(function);
    Frame caller = verification.frame();
    State state = verification.push(verification.flow.start(function), verification.slot);
    State fresh = new State();
    fresh.branches = 1;
    // It starts afresh: what it was set by may be done before it is. A function that sets itself is
    // found to do so again.
    if (state.parent != null) {
      state.parent.branches--;
    }
    fresh.firstSlot = verification.flow.start(function);
    fresh.sleepable = sleepable;
    Frame callee = new Frame(-1, 0, function);
    callee.registers[10].setPointer(Kind.STACK, 0);
    callee.asyncEntries = caller.asyncEntries + 1;
    callee.registers[1].setPointer(Kind.MAP, 0);
    callee.registers[1].map = map;
    pointer(map, callee.registers[2], Kind.MAP_KEY);
    pointer(map, callee.registers[3], Kind.MAP_VALUE);
    callee.inAsyncCallback = true;
    callee.returnMin = 0;
    callee.returnMax = 0;
    fresh.frames[0] = callee;
    verification.replaceLastPushed(fresh);
  }

  static Rejection tooDeep(int depth) {
    return new Rejection(Errno.E2BIG, "the call stack of %d frames is too deep".formatted(depth));
  }
}
