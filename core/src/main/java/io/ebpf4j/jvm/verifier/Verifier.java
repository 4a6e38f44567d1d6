package io.ebpf4j.jvm.verifier;

import io.ebpf4j.isa.Disassembler;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.InstructionCheck;
import io.ebpf4j.isa.InstructionNames;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.helper.HelperNames;
import io.ebpf4j.jvm.helper.KfuncFlag;
import io.ebpf4j.jvm.helper.License;
import io.ebpf4j.spec.Errno;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * Decides, as Linux 6.18 does, whether a program may be loaded: it walks every way through the
 * program with what is known of each register and each byte of the stack, and refuses the program
 * where something might happen that may not.
 */
public final class Verifier {
  private final Subject subject;
  private final Rules rules;
  private final int level;

  private Verifier(Subject subject, Rules rules, int level) {
    this.subject = subject;
    this.rules = rules;
    this.level = level;
  }

  /**
   * Verifies a program.
   *
   * @param level the log: 0 none, 1 the way that failed, 2 every way, plus 4 the statistics
   */
  public static Verdict verify(Subject subject, Rules rules, int level) {
    return new Verifier(subject, rules, level).verify();
  }

  private Verdict verify() {
    VerifierLog log = new VerifierLog(level, subject.spec().lines());
    Optional<InstructionCheck.Problem> problem =
        InstructionCheck.checkProgram(subject.instructions());
    if (problem.isPresent()) {
      InstructionCheck.Problem found = problem.get();
      log.line(found.sentence());
      Errno errno = found.refusal() == InstructionCheck.Refusal.SIZE ? Errno.E2BIG : Errno.EINVAL;
      log.line(statistics(0, 0, 0, 0));
      return refused(errno, found.sentence(), found.slot(), log, 0);
    }
    try {
      return verify(log);
    } catch (Rejection early) {
      log.line(early.text());
      log.line(statistics(0, 0, 0, 0));
      return refused(early.errno(), early.text(), -1, log, 0);
    }
  }

  private Verdict verify(VerifierLog log) {
    checkLicense();
    Flow flow = new Flow(subject.instructions(), new Calls(), rules.capable());
    if (log.isOn()) {
      for (int function = 0; function < flow.functions(); function++) {
        log.line("func#%d @%d".formatted(function, flow.start(function)));
      }
    }
    GlobalFunctions globals = new GlobalFunctions(subject, flow);
    globals.checkStarts();
    globals.checkUntyped(packetLoads(flow));
    MapRules.check(subject);
    Verification verification = new Verification(subject, rules, flow, log, globals);
    int[] live =
        RegisterLiveness.compute(
            subject.instructions(), flow, call -> argumentCount(verification, call));
    Disassembler disassembler = new Disassembler(new Names());
    if (log.showsAllWays()) {
      printLiveRegisters(log, live, disassembler);
    }
    Exploration exploration =
        new Exploration(
            flow,
            verification.precision,
            new StateEquality(live, rules.leaksPointers(), () -> verification.exploresLimits),
            verification.stackLiveness,
            live,
            rules.capable());
    Errno errno = null;
    String reason = "";
    int slot = -1;
    try {
      Walk walk = new Walk(verification, exploration, globals, disassembler);
      walk.run(0);
      for (int function = globals.next(); function >= 0; function = globals.next()) {
        walk.run(function);
        if (log.isOn()) {
          log.line(
              "Func#%d ('%s') is safe for any args that match its prototype"
                  .formatted(function, globals.name(function)));
        }
      }
      new StackDepth(verification).check();
    } catch (Rejection refusal) {
      errno = refusal.errno();
      reason = refusal.text();
      slot = verification.slot;
      log.line(reason);
    }
    if (log.showsStatistics()) {
      log.line(
          statistics(
              exploration.instructions(),
              exploration.maxStatesPerSlot,
              exploration.totalStates,
              exploration.peakStates));
    }
    if (errno != null) {
      return refused(errno, reason, slot, log, exploration.instructions());
    }
    List<Integer> stacks = new ArrayList<>();
    for (int depth : verification.stackDepths) {
      stacks.add(depth);
    }
    List<InstructionFacts> facts = new ArrayList<>();
    for (int i = 0; i < subject.instructions().size(); i++) {
      facts.add(verification.facts.of(i));
    }
    return new Verdict(
        null,
        "",
        -1,
        log.toString(),
        exploration.instructions(),
        verification.contextEnd,
        verification.facts.readOnlyBufferEnd,
        verification.facts.bufferEnd,
        stacks,
        facts);
  }

  private static int argumentCount(Verification verification, Instruction call) {
    return switch (call.src()) {
      case 0 -> HelperStep.argumentCount(verification, call.imm());
      case Isa.BPF_PSEUDO_KFUNC_CALL ->
          verification.subject.kfuncs().find(call.imm()).map(k -> k.arguments().size()).orElse(-1);
      default -> -1;
    };
  }

  /** Kernel functions are for programs with a GPL-compatible license. */
  private void checkLicense() {
    if (!License.isGplCompatible(subject.spec().license())
        && subject.instructions().stream().anyMatch(Verifier::isKfuncCall)) {
      throw Rejection.invalid("cannot call kernel function from non-GPL compatible program");
    }
  }

  private static boolean isKfuncCall(Instruction i) {
    return i.opcode() == (Isa.BPF_JMP | Isa.BPF_CALL) && i.src() == Isa.BPF_PSEUDO_KFUNC_CALL;
  }

  private static Verdict refused(
      Errno errno, String reason, int slot, VerifierLog log, int processed) {
    return new Verdict(
        errno, reason, slot, log.toString(), processed, 0, 0, 0, List.of(), List.of());
  }

  private static String statistics(int processed, int perSlot, int total, int peak) {
    return ("processed %d insns (limit %d) max_states_per_insn %d total_states %d peak_states %d"
            + " mark_read 0")
        .formatted(processed, Walk.MAX_INSTRUCTIONS, perSlot, total, peak);
  }

  private BitSet packetLoads(Flow flow) {
    BitSet found = new BitSet();
    List<Instruction> code = subject.instructions();
    for (int slot = 0; slot < code.size(); slot++) {
      Instruction i = code.get(slot);
      int mode = i.opcode() & 0xe0;
      if (i.isWide()) {
        slot++;
      } else if (i.instructionClass() == Isa.BPF_LD
          && (mode == Isa.BPF_ABS || mode == Isa.BPF_IND)) {
        found.set(flow.functionOf(slot));
      }
    }
    return found;
  }

  private void printLiveRegisters(VerifierLog log, int[] live, Disassembler disassembler) {
    log.line("Live regs before insn:");
    List<Instruction> code = subject.instructions();
    for (int slot = 0; slot < code.size(); slot++) {
      StringBuilder registers = new StringBuilder();
      for (int n = 0; n < Isa.FRAME_POINTER; n++) {
        registers.append((live[slot] >> n & 1) != 0 ? (char) ('0' + n) : '.');
      }
      log.line("%7d: %s %s".formatted(slot, registers, disassembler.line(code, slot)));
      if (code.get(slot).isWide()) {
        slot++;
      }
    }
  }

  /** What calls of helpers mean for the flow. */
  private final class Calls implements Flow.Calls {
    @Override
    public boolean callsBack(int helper) {
      return HelperStep.isCallback(helper);
    }

    @Override
    public boolean callsBackLater(int helper) {
      return HelperStep.isAsyncCallback(helper);
    }

    @Override
    public boolean changesPacket(int helper) {
      return subject.helpers().changesPacket(helper);
    }

    @Override
    public boolean isKfunc(int kfunc, KfuncFlag flag) {
      return subject.kfuncs().find(kfunc).filter(found -> found.is(flag)).isPresent();
    }
  }

  /** The names of what instructions number. */
  private final class Names implements InstructionNames {
    @Override
    public String helper(int id) {
      return HelperNames.nameOf(id).map(name -> "bpf_" + name).orElse("unknown") + "#" + id;
    }

    @Override
    public String kernelFunction(int btfId) {
      return subject
          .kfuncs()
          .find(btfId)
          .map(kfunc -> kfunc.name() + "#" + btfId)
          .orElseGet(() -> InstructionNames.super.kernelFunction(btfId));
    }

    @Override
    public String wide(int slot, int kind, int low, int high) {
      Subject.MapUse use = subject.maps().get(slot);
      if (use != null || kind == 0 || kind == Isa.BPF_PSEUDO_FUNC) {
        return "0x%x".formatted((long) high << 32 | low & 0xffffffffL);
      }
      return InstructionNames.super.wide(slot, kind, low, high);
    }
  }
}
