package io.ebpf4j.jvm.verifier;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Disassembler;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.InstructionCheck;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.verifier.MemoryAccess.Access;
import io.ebpf4j.jvm.verifier.Register.Kind;
import io.ebpf4j.jvm.verifier.Subject.MapUse;
import io.ebpf4j.spec.Errno;
import org.jspecify.annotations.Nullable;

/** The walk over all ways through a function, depth first, instruction by instruction. */
final class Walk {
  static final int MAX_INSTRUCTIONS = 1_000_000;
  private static final int END = -1;

  private final Verification verification;
  private final Exploration exploration;
  private final GlobalFunctions globals;
  private final Disassembler disassembler;
  private final MemoryAccess memory;
  private final ArithmeticStep arithmetic;
  private final JumpStep jumps;
  private final HelperStep helpers;
  private final KfuncStep kfuncs;
  private final FunctionCalls calls;
  private final Locks locks;
  private final PointerUse pointerUse;
  private boolean announce;

  Walk(
      Verification verification,
      Exploration exploration,
      GlobalFunctions globals,
      Disassembler disassembler) {
    this.verification = verification;
    this.exploration = exploration;
    this.globals = globals;
    this.disassembler = disassembler;
    this.memory = new MemoryAccess(verification, new StackAccess(verification));
    this.arithmetic = new ArithmeticStep(verification, memory);
    this.jumps = new JumpStep(verification);
    this.locks = new Locks(verification);
    this.calls = new FunctionCalls(verification, globals, exploration);
    Callbacks callbacks = new Callbacks(verification, calls);
    this.helpers = new HelperStep(verification, memory, callbacks, locks);
    this.kfuncs = new KfuncStep(verification, memory, locks, callbacks, exploration);
    this.pointerUse = new PointerUse(verification.code.size());
    globals.verifyWith(verification, new HelperArguments(verification, memory, locks));
  }

  /** Walks a function: the first, or one that is verified on its own. */
  void run(int function) {
    State state = new State();
    state.branches = 1;
    state.sleepable = verification.subject.spec().sleepable();
    state.firstSlot = verification.flow.start(function);
    Frame frame = new Frame(-1, 0, function);
    frame.registers[FRAME_POINTER].setPointer(Kind.STACK, 0);
    state.frames[0] = frame;
    verification.state = state;
    verification.slot = state.firstSlot;
    verification.previousSlot = -1;
    verification.stackLiveness.framesChanged();
    if (function == 0) {
      frame.registers[1].setPointer(Kind.CONTEXT, 0);
    } else {
      if (verification.log.isOn()) {
        verification.log.line(
            "Validating %s() func#%d...".formatted(globals.name(function), function));
      }
      globals.prepare(function, frame, verification);
    }
    announce = false;
    verification.touchedRegisters = -1;
    verification.touchedSlots = -1;
    walk();
    exploration.restart();
  }

  private void walk() {
    int previous = -1;
    while (true) {
      verification.beginInstruction();
      verification.previousSlot = previous;
      int slot = verification.slot;
      exploration.processed();
      if (exploration.instructions() > MAX_INSTRUCTIONS) {
        throw new Rejection(
            Errno.E2BIG,
            "BPF program is too large. Processed %d insn".formatted(exploration.instructions()));
      }
      State state = verification.state;
      state.lastSlot = previous;
      state.slot = slot;
      boolean ended = false;
      if (verification.flow.prunePoints.get(slot)) {
        ended = isCovered(state);
      }
      if (!ended) {
        if (verification.flow.isJumpPoint(slot)) {
          verification.noteStep(0, 0);
        }
        logInstruction(slot);
        if (!state.speculative) {
          verification.facts.reached(slot);
        }
        previous = slot;
        int next =
            state.speculative && verification.stopsBefore.get(slot) ? END : stepOrGiveUp(state);
        if (next != END) {
          verification.slot = next;
          continue;
        }
      }
      touchAll();
      exploration.wayEnded(verification.state);
      verification.stackLiveness.update(verification.state);
      Verification.Pending pending = verification.pop();
      if (pending == null) {
        return;
      }
      if (!verification.log.showsAllWays()) {
        verification.log.cut(pending.logPosition());
      }
      verification.state = pending.state();
      verification.slot = pending.slot();
      verification.stackLiveness.framesChanged();
      previous = pending.previousSlot();
      announce = true;
    }
  }

  /** Looks at an instruction; a guess that goes wrong there ends instead. */
  private int stepOrGiveUp(State state) {
    int slot = verification.slot;
    verification.stackLiveness.begin(state, slot);
    try {
      int next = step(verification.code.get(slot));
      return state.speculative && verification.stopsBehind.get(slot) ? END : next;
    } catch (Rejection refusal) {
      boolean recoverable =
          switch (refusal.errno()) {
            case EPERM, EACCES, EINVAL -> state.speculative;
            default -> false;
          };
      if (!recoverable) {
        throw refusal;
      }
      verification.stopsBefore.set(slot);
      arithmetic.unmask(slot);
      return END;
    } finally {
      verification.stackLiveness.end();
    }
  }

  private void touchAll() {
    verification.touchedRegisters = -1;
    verification.touchedSlots = -1;
  }

  private boolean isCovered(State state) {
    Exploration.Visit visit =
        exploration.visit(state, () -> verification.noteStep(0, 0), verification.lastId);
    switch (visit) {
      case NEW -> {
        return false;
      }
      case COVERED -> {
        if (verification.log.isOn()) {
          verification.log.line(
              announce
                  ? "\nfrom %d to %d: safe".formatted(verification.previousSlot, state.slot)
                  : "%d: safe".formatted(state.slot));
        }
        return true;
      }
      default -> {
        State old = exploration.endless;
        StringBuilder text =
            new StringBuilder("infinite loop detected at insn %d".formatted(state.slot));
        text.append("\ncur state:").append(StatePrinter.print(state, state.current, -1, -1));
        if (old != null) {
          text.append("\nold state:").append(StatePrinter.print(old, old.current, -1, -1));
        }
        throw Rejection.invalid("%s", text);
      }
    }
  }

  private void logInstruction(int slot) {
    VerifierLog log = verification.log;
    if (!log.isOn()) {
      return;
    }
    State state = verification.state;
    if (log.showsAllWays() && announce) {
      log.print("\nfrom %d to %d:".formatted(verification.previousSlot, slot));
      log.line(StatePrinter.print(state, state.current, -1, -1));
    }
    announce = false;
    logState(slot);
    log.source(slot);
    log.instruction(slot, disassembler.line(verification.code, slot));
  }

  private void logState(int slot) {
    if (verification.log.isOn()
        && (verification.touchedRegisters != 0 || verification.touchedSlots != 0)) {
      State state = verification.state;
      verification.log.state(
          slot,
          StatePrinter.print(
              state, state.current, verification.touchedRegisters, verification.touchedSlots));
      verification.touchedRegisters = 0;
      verification.touchedSlots = 0;
    }
  }

  /**
   * Looks at an instruction.
   *
   * @return the slot at which the walk goes on, or {@link #END}
   */
  private int step(Instruction i) {
    checkForm(i);
    int slot = verification.slot;
    switch (i.instructionClass()) {
      case BPF_ALU, BPF_ALU64 -> arithmetic.run(i);
      case BPF_LDX -> load(i, false);
      case BPF_ST -> {
        verification.read(i.dst());
        store(i, -1);
      }
      case BPF_STX -> {
        if ((i.opcode() & 0xe0) == BPF_ATOMIC) {
          new Atomics(verification, memory, this::load).run(i);
        } else {
          verification.read(i.src());
          verification.read(i.dst());
          store(i, i.src());
        }
      }
      case BPF_LD -> {
        if (i.isWide()) {
          loadImmediate(i);
          return slot + 2;
        }
        loadPacket(i);
      }
      default -> {
        return jump(i);
      }
    }
    return slot + 1;
  }

  /** Refuses an instruction with fields that it does not have. */
  private void checkForm(Instruction i) {
    InstructionCheck.Problem problem =
        InstructionCheck.checkInstruction(i, verification.slot).orElse(null);
    if (problem == null) {
      return;
    }
    if (problem.sentence().startsWith("div by zero")
        || problem.sentence().startsWith("invalid shift")
        || problem.refusal() == InstructionCheck.Refusal.FRAME_POINTER_WRITTEN) {
      readFirst(i);
    }
    throw new Rejection(
        switch (problem.refusal()) {
          case MALFORMED -> Errno.EINVAL;
          case SIZE -> Errno.E2BIG;
          case FRAME_POINTER_WRITTEN -> Errno.EACCES;
        },
        problem.sentence());
  }

  /** What an instruction reads is looked at before what it writes. */
  private void readFirst(Instruction i) {
    switch (i.instructionClass()) {
      case BPF_ALU, BPF_ALU64 -> arithmetic.read(i);
      case BPF_LDX -> verification.read(i.src());
      case BPF_STX -> {
        verification.read(i.src());
        verification.read(i.dst());
      }
      default -> {}
    }
  }

  private void load(Instruction i, boolean strict) {
    verification.read(i.src());
    verification.written(i.dst());
    Register pointer = verification.register(i.src());
    Kind kind = pointer.kind;
    boolean signed = (i.opcode() & 0xe0) == BPF_MEMSX;
    int size = io.ebpf4j.isa.Isa.accessSize(i.opcode());
    memory.check(new Access(i.src(), i.offset(), size, false, i.dst(), strict, signed));
    pointerUse.note(verification.slot, kind);
    verification.checkBounds(verification.register(i.dst()));
  }

  private void store(Instruction i, int value) {
    Kind kind = verification.register(i.dst()).kind;
    int size = io.ebpf4j.isa.Isa.accessSize(i.opcode());
    memory.check(new Access(i.dst(), i.offset(), size, true, value, false, false));
    pointerUse.note(verification.slot, kind);
  }

  private void loadImmediate(Instruction i) {
    int slot = verification.slot;
    Register to = verification.written(i.dst());
    MapUse use = verification.subject.maps().get(slot);
    if (use != null) {
      to.setPointer(use.isMap() ? Kind.MAP : Kind.MAP_VALUE, 0);
      to.map = use.map();
      to.offset = use.isMap() ? 0 : use.offset();
      return;
    }
    switch (i.src()) {
      case 0 ->
          verification.markConstant(
              to,
              Integer.toUnsignedLong(i.imm())
                  | (long) verification.code.get(slot + 1).imm() << Integer.SIZE);
      case BPF_PSEUDO_BTF_ID -> to.setPointer(Kind.MEMORY, Register.READ_ONLY);
      case BPF_PSEUDO_FUNC -> {
        int function = verification.flow.functionOf(slot + i.imm() + 1);
        if (!globals.hasTypes()) {
          throw Rejection.invalid("missing btf func_info");
        }
        if (!globals.isStatic(function)) {
          throw Rejection.invalid("callback function not static");
        }
        to.setPointer(Kind.FUNCTION, 0);
        to.extent = function;
      }
      default -> throw Rejection.invalid("unrecognized bpf_ld_imm64 insn");
    }
  }

  private void loadPacket(Instruction i) {
    if (verification.subject.kind().legacyPacketAccess().isEmpty()) {
      throw Rejection.invalid("BPF_LD_[ABS|IND] instructions not allowed for this program type");
    }
    Register context = verification.read(6);
    locks.checkNothingHeld("BPF_LD_[ABS|IND]");
    if (!context.is(Kind.CONTEXT, 0)) {
      throw Rejection.invalid("at the time of BPF_LD_ABS|IND R6 != pointer to skb");
    }
    if ((i.opcode() & 0xe0) == BPF_IND) {
      verification.read(i.src());
    }
    MemoryAccess.unmodified(context, 6, false);
    for (int n = 0; n <= 5; n++) {
      verification.register(n).clear();
      verification.touchedRegisters |= 1 << n;
    }
    verification.markUnknown(verification.register(0));
  }

  private int jump(Instruction i) {
    exploration.jumped();
    int slot = verification.slot;
    switch (i.opcode() & 0xf0) {
      case BPF_CALL -> {
        locks.checkCall(i.src(), i.imm());
        int next;
        if (Flow.isLocalCall(i)) {
          next = calls.call(i);
        } else if (i.src() == BPF_PSEUDO_KFUNC_CALL) {
          kfuncs.run(i);
          next = slot + 1;
        } else {
          helpers.run(i);
          next =
              verification.flow.isTailCall(slot) && verification.state.current > 0
                  ? tailCall(slot)
                  : slot + 1;
        }
        verification.touchedRegisters |= 1;
        return next;
      }
      case BPF_JA -> {
        return verification.flow.target(slot);
      }
      case BPF_EXIT -> {
        return exit();
      }
      case BPF_JCOND -> {
        State previous =
            verification.state.parent == null
                ? null
                : exploration.previousEntry(verification.state.parent, slot);
        State queued = verification.push(slot + 1, slot);
        queued.mayGotoDepth++;
        if (previous != null) {
          FunctionCalls.widen(previous, queued);
        }
        return verification.flow.target(slot);
      }
      default -> {
        int next = jumps.run(i);
        logState(slot);
        return next;
      }
    }
  }

  /** A tail call that fails goes on behind it, one that succeeds returns to the caller. */
  private int tailCall(int slot) {
    verification.push(slot + 1, slot);
    HelperStep.dropPackets(verification);
    verification.markUnknown(verification.register(0));
    return calls.exit();
  }

  private int exit() {
    locks.checkExit();
    if (verification.state.current > 0) {
      int next = calls.exit();
      announce = true;
      return next;
    }
    checkResult();
    return END;
  }

  private void checkResult() {
    Register result = verification.read(0);
    Frame frame = verification.frame();
    if (verification.isSecret(result)) {
      throw Rejection.access("R0 leaks addr as return value");
    }
    if (frame.inAsyncCallback) {
      checkResult(result, frame.returnMin, frame.returnMax, "At async callback return");
      return;
    }
    if (frame.subProgram != 0) {
      if (!result.isScalar()) {
        throw Rejection.invalid(
            "At subprogram exit the register R0 is not a scalar value (%s)",
            StatePrinter.kind(result));
      }
      return;
    }
    ProgramKind.@Nullable ReturnRange range =
        verification.subject.kind().returnRange(verification.subject.spec()).orElse(null);
    if (range != null) {
      checkResult(result, range.min(), range.max(), "At program exit");
    }
  }

  private void checkResult(Register result, int min, int max, String when) {
    if (!result.isScalar()) {
      throw Rejection.invalid(
          "%s the register R0 is not a known value (%s)", when, StatePrinter.kind(result));
    }
    verification.markPrecise(0);
    if (result.smin < min || result.smax > max) {
      throw FunctionCalls.outOfRange(result, min, max, when);
    }
  }
}
