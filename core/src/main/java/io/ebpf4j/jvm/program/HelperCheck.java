package io.ebpf4j.jvm.program;

import io.ebpf4j.BpfException;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.helper.HelperNames;
import io.ebpf4j.jvm.helper.HelperPrototype;
import io.ebpf4j.jvm.helper.HelperTable;
import io.ebpf4j.jvm.helper.License;
import io.ebpf4j.jvm.interpreter.Location;
import io.ebpf4j.jvm.verifier.InstructionFacts;
import io.ebpf4j.jvm.verifier.Verdict;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import java.util.List;
import java.util.Optional;

/** Whether a program may call what it calls. */
final class HelperCheck {
  private final HelperTable helpers;
  private final ProgramSpec spec;

  HelperCheck(HelperTable helpers, ProgramSpec spec) {
    this.helpers = helpers;
    this.spec = spec;
  }

  /** The helper that a slot calls. */
  HelperPrototype find(int slot, int id) {
    String name = HelperNames.nameOf(id).map(bare -> "bpf_" + bare).orElse("");
    if (name.isEmpty()) {
      throw refused(slot, "there is no helper " + id);
    }
    List<HelperPrototype> all = helpers.find(id);
    if (all.isEmpty()) {
      throw refused(slot, "helper %s (%d) is not part of this kernel yet".formatted(name, id));
    }
    HelperPrototype helper =
        helpers
            .find(id, spec.type())
            .orElseThrow(() ->
                refused(
                    slot,
                    "helper %s (%d) is not for programs of type %s"
                        .formatted(name, id, spec.type().label())));
    if (helper.gplOnly() && !License.isGplCompatible(spec.license())) {
      throw refused(
          slot,
          "helper %s (%d) is for programs with a GPL-compatible license, this has \"%s\""
              .formatted(name, id, spec.license()));
    }
    return helper;
  }

  /** What is said of a program whose type never runs here. */
  static String neverRuns(ProgramSpec spec) {
    return "program %s is of type %s, which this kernel verifies and does not run"
        .formatted(spec.name(), spec.type().label());
  }

  /**
   * Why a program that was accepted does not run here, or empty where it does.
   *
   * @param verification says whether one that calls helpers which are not built is kept; else it is
   *     refused
   */
  String verifiedOnly(ProgramKind kind, Verdict verdict, RunOptions.Verification verification) {
    if (!kind.runs()) {
      return neverRuns(spec);
    }
    if (verification.foreign()) {
      return "program %s is verified against the types of another kernel and does not run here"
          .formatted(spec.name());
    }
    boolean kept = verification.only();
    for (InstructionFacts facts : verdict.facts()) {
      ContextLayout.Field field = facts.field();
      if (field != null && !field.isBuilt()) {
        return kept(
            kept,
            facts.slot(),
            "field %s of the context is not part of this kernel yet".formatted(field.name()));
      }
      Instruction call = spec.instructions().get(facts.slot());
      if (facts.dead() || call.opcode() != (Isa.BPF_JMP | Isa.BPF_CALL) || call.src() != 0) {
        continue;
      }
      Optional<HelperPrototype> known = helpers.known(call.imm(), spec);
      if (known.isPresent() && !known.get().isBuilt()) {
        return kept(
            kept,
            facts.slot(),
            "helper bpf_%s (%d) is not part of this kernel yet"
                .formatted(known.get().name(), call.imm()));
      }
    }
    return "";
  }

  private String kept(boolean kept, int slot, String sentence) {
    BpfException refusal = refused(slot, sentence);
    if (!kept) {
      throw refusal;
    }
    return String.valueOf(refusal.getMessage());
  }

  /** Refuses legacy packet loads where the type has none. */
  void legacyPacketLoads(boolean allowed) {
    List<Instruction> instructions = spec.instructions();
    for (int slot = 0; slot < instructions.size() && !allowed; slot++) {
      int opcode = instructions.get(slot).opcode();
      int mode = opcode & 0xe0;
      if (instructions.get(slot).isWide()) {
        slot++;
      } else if ((opcode & 0x07) == Isa.BPF_LD && (mode == Isa.BPF_ABS || mode == Isa.BPF_IND)) {
        throw refused(
            slot, "legacy packet loads are not for programs of type " + spec.type().label());
      }
    }
  }

  private BpfException refused(int slot, String sentence) {
    return new BpfException(Errno.EINVAL, "%s: %s".formatted(Location.of(spec, slot), sentence));
  }
}
