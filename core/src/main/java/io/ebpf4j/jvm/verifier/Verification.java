package io.ebpf4j.jvm.verifier;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.helper.HelperPrototype;
import io.ebpf4j.spec.Errno;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the parts of one verification share: the program, where the walk is, what it has found. */
final class Verification {
  final Subject subject;
  final Rules rules;
  final List<Instruction> code;
  final Flow flow;
  final VerifierLog log;
  final Precision precision;
  final StackLiveness stackLiveness;
  final FactTable facts;
  final int[] stackDepths;

  /** Functions that run some time after the program, by number. */
  final BitSet calledLater = new BitSet();

  State state = new State();
  int slot;
  int previousSlot = -1;
  int lastId;

  /** Numbers that are masked differ from way to way: only equal ones cover each other. */
  boolean exploresLimits;

  /** Instructions that no guess comes by, and those that none leaves. */
  final BitSet stopsBefore = new BitSet();

  final BitSet stopsBehind = new BitSet();

  /** Largest end of an access to the context. */
  int contextEnd;

  // What the log has to tell of the running instruction.
  int touchedRegisters;
  long touchedSlots;

  private boolean stepNoted;
  private final List<Pending> pending = new ArrayList<>();
  private final Map<Integer, Optional<HelperPrototype>> helpers = new HashMap<>();

  /** A way that is still to be walked. */
  record Pending(State state, int slot, int previousSlot, int logPosition) {}

  Verification(Subject subject, Rules rules, Flow flow, VerifierLog log, GlobalFunctions globals) {
    this.subject = subject;
    this.rules = rules;
    this.code = subject.instructions();
    this.flow = flow;
    this.log = log;
    this.stackDepths = new int[flow.functions()];
    this.precision = new Precision(code, flow, globals::isGlobal);
    this.stackLiveness = new StackLiveness(flow);
    this.facts = new FactTable(code.size());
  }

  Instruction instruction() {
    return code.get(slot);
  }

  Frame frame() {
    return state.frame();
  }

  Register register(int number) {
    return state.register(number);
  }

  int nextId() {
    return ++lastId;
  }

  Optional<HelperPrototype> helper(int id) {
    return helpers.computeIfAbsent(id, key -> subject.helpers().known(key, subject.spec()));
  }

  /** Checks that a register may be read. */
  Register read(int number) {
    touchedRegisters |= 1 << number;
    Register register = register(number);
    if (!register.isInitialized()) {
      throw Rejection.access("R%d !read_ok", number);
    }
    return register;
  }

  /** Checks that a register may be written. */
  Register written(int number) {
    touchedRegisters |= 1 << number;
    if (number == Isa.FRAME_POINTER) {
      throw Rejection.access("frame pointer is read only");
    }
    return register(number);
  }

  void markUnknown(Register register) {
    register.setUnknown();
    register.precise = !rules.capable();
  }

  /** The pointer leads nowhere any more. */
  void invalidate(Register register) {
    if (rules.leaksPointers()) {
      markUnknown(register);
    } else {
      register.clear();
    }
  }

  void markZero(Register register) {
    markConstant(register, 0);
  }

  void markConstant(Register register, long value) {
    register.setConstant(value);
    register.precise = !rules.capable();
  }

  /** Whether a register may not be seen as a number. */
  boolean isSecret(Register register) {
    return !rules.leaksPointers() && register.isPointer();
  }

  void markPrecise(int number) {
    if (rules.capable()) {
      precision.mark(state, number);
    }
  }

  void markPreciseIfScalar(int number) {
    if (register(number).isScalar()) {
      markPrecise(number);
    }
  }

  void beginInstruction() {
    stepNoted = false;
  }

  /** Notes the running instruction in the history of the way. */
  void noteStep(int flags, long linked) {
    if (stepNoted) {
      state.extendLastStep(flags, linked);
      return;
    }
    state.addStep(slot, previousSlot, flags, linked);
    stepNoted = true;
  }

  /** A copied number is linked to what it is copied from. */
  void linkBeforeCopy(Register from) {
    if (!from.isScalar()) {
      return;
    }
    if ((from.id & Register.PLUS_CONSTANT) != 0) {
      from.id = 0;
      from.offset = 0;
    }
    if (from.id == 0 && !from.bits.isConstant()) {
      from.id = nextId();
    }
  }

  /** Keeps the way for later that a processor may guess and the program never goes. */
  void guess(int toSlot, int fromSlot, Instruction jump) {
    if (rules.leaksPointers()) {
      return;
    }
    State other = push(toSlot, fromSlot);
    other.speculative = true;
    markUnknown(other.register(jump.dst()));
    if ((jump.opcode() & Isa.BPF_X) != 0) {
      markUnknown(other.register(jump.src()));
    }
  }

  /** Keeps a way for later. */
  State push(int toSlot, int fromSlot) {
    return push(toSlot, fromSlot, Errno.EFAULT);
  }

  /** Keeps a way for later; too many are refused with that error. */
  State push(int toSlot, int fromSlot, Errno tooMany) {
    State other = state.copy();
    pending.add(new Pending(other, toSlot, fromSlot, log.position()));
    if (pending.size() > 8192) {
      throw new Rejection(
          tooMany, "The sequence of %d jumps is too complex.".formatted(pending.size()));
    }
    if (other.parent != null) {
      other.parent.branches++;
    }
    return other;
  }

  /** Puts another state in place of the one that was kept last. */
  void replaceLastPushed(State other) {
    Pending last = pending.removeLast();
    pending.add(new Pending(other, last.slot(), last.previousSlot(), last.logPosition()));
  }

  @Nullable Pending pop() {
    return pending.isEmpty() ? null : pending.removeLast();
  }

  /** Where numbers contradict themselves, the branch is never taken: nothing is known. */
  void checkBounds(Register register) {
    if (register.isScalar() && Bounds.contradicts(register)) {
      register.setUnbounded();
      register.bits = Tnum.UNKNOWN;
    }
  }
}
