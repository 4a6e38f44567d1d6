package io.ebpf4j.jvm.verifier;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.Errno;

/** How much stack the functions of a program need together, along every chain of calls. */
final class StackDepth {
  private static final int MAX_STACK = 512;
  private static final int MAX_BEFORE_TAIL_CALL = 256;
  private static final int ROUNDED_TO = 16;
  private static final int MIN_SEPARATE_STACK = 64;

  private final Verification verification;
  private final boolean[] open;

  /** Whether the way began in the first function, not in one that is called back later. */
  private boolean inFirst = true;

  /** Functions that the machine gives a stack of their own. */
  private final boolean[] separate;

  StackDepth(Verification verification) {
    this.verification = verification;
    this.open = new boolean[verification.flow.functions()];
    this.separate = new boolean[verification.flow.functions()];
  }

  /** Checks it from the first function and from those that are called back later. */
  void check() {
    check(0, 0, 0);
    inFirst = false;
    verification.calledLater.stream().forEach(function -> check(function, 0, 0));
  }

  private void check(int function, int above, int frames) {
    Flow flow = verification.flow;
    if (frames > 0 && flow.tailCalls.get(function) && above >= MAX_BEFORE_TAIL_CALL) {
      throw Rejection.access(
          "tail_calls are not allowed when call stack of previous frames is %d bytes. Too large",
          above);
    }
    int own = rounded(verification.stackDepths[function]);
    separate[function] |= own >= MIN_SEPARATE_STACK && mayBeSeparate();
    int depth = separate[function] ? above : above + own;
    if (separate[function] && own > MAX_STACK) {
      throw Rejection.access("stack size of subprog %d is %d. Too large", function, own);
    }
    if (depth > MAX_STACK) {
      throw Rejection.access("combined stack size of %d calls is %d. Too large", frames + 1, depth);
    }
    if (frames >= State.MAX_FRAMES) {
      throw tooDeep();
    }
    open[function] = true;
    for (int slot = flow.start(function); slot < flow.end(function); slot++) {
      Instruction i = verification.code.get(slot);
      if (Flow.isLocalCall(i) || Flow.isFunctionLoad(i)) {
        int callee = flow.functionOf(slot + i.imm() + 1);
        if (Flow.isFunctionLoad(i) && verification.calledLater.get(callee)) {
          // It has a stack of its own.
          continue;
        }
        if (open[callee]) {
          throw tooDeep();
        }
        check(callee, depth, frames + 1);
      }
    }
    open[function] = false;
  }

  private static Rejection tooDeep() {
    return new Rejection(
        Errno.E2BIG, "the call stack of %d frames is too deep !".formatted(State.MAX_FRAMES));
  }

  /**
   * Whether functions with a large stack get one of their own: in programs that are probes and make
   * no tail calls.
   */
  private boolean mayBeSeparate() {
    return inFirst
        && verification.flow.tailCalls.isEmpty()
        && switch (verification.subject.spec().type()) {
          case KPROBE, TRACEPOINT, PERF_EVENT, RAW_TRACEPOINT -> true;
          default -> false;
        };
  }

  private static int rounded(int bytes) {
    return (bytes + ROUNDED_TO - 1) / ROUNDED_TO * ROUNDED_TO;
  }
}
