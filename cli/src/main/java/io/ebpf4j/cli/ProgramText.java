package io.ebpf4j.cli;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.isa.Disassembler;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.InstructionNames;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.helper.HelperNames;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A program's instructions as text, with the functions and source lines that they come from. */
final class ProgramText {
  private final ProgramSpec program;
  private final Map<Integer, Reference> references;
  private final Map<Integer, BtfType.Function> functions = new HashMap<>();
  private final Map<Integer, String> sources = new HashMap<>();

  ProgramText(ProgramSpec program) {
    this.program = program;
    this.references =
        program.references().stream()
            .collect(Collectors.toMap(Reference::slot, reference -> reference));
    program.lines().forEach(line -> sources.put(line.slot(), line.text().strip()));
    Btf btf = program.btf();
    if (btf != null) {
      program
          .functions()
          .forEach(function -> {
            if (btf.type(function.typeId()) instanceof BtfType.Function type) {
              functions.put(function.slot(), type);
            }
          });
    }
  }

  /**
   * An instruction.
   *
   * @param slot its first slot
   * @param prototype the function that begins here, or null
   * @param source the source line that begins here, or null
   * @param text the instruction: {@code (b7) r0 = 2}
   */
  record Line(int slot, @Nullable String prototype, @Nullable String source, String text) {}

  /** All instructions in order. */
  List<Line> lines() {
    Disassembler disassembler = new Disassembler(new Names());
    List<Instruction> instructions = program.instructions();
    List<Line> lines = new ArrayList<>();
    for (int slot = 0; slot < instructions.size(); slot++) {
      String source = sources.get(slot);
      lines.add(
          new Line(
              slot,
              prototype(slot).orElse(null),
              source == null || source.isEmpty() ? null : source,
              text(disassembler, slot)));
      if (instructions.get(slot).isWide()) {
        slot++;
      }
    }
    return lines;
  }

  private String text(Disassembler disassembler, int slot) {
    return references.get(slot) instanceof Reference.ToKernelFunction call
        ? "(%02x) call %s".formatted(program.instructions().get(slot).opcode(), call.function())
        : disassembler.line(program.instructions(), slot);
  }

  /** {@code int count(struct xdp_md * ctx)}. */
  private Optional<String> prototype(int slot) {
    BtfType.Function function = functions.get(slot);
    Btf btf = program.btf();
    if (function == null
        || btf == null
        || !(btf.type(function.prototype()) instanceof BtfType.FunctionPrototype prototype)) {
      return slot == 0 ? Optional.of(program.name()) : Optional.empty();
    }
    String parameters =
        prototype.parameters().stream()
            .map(parameter ->
                parameter.type() == 0
                    ? "..."
                    : btf.typeName(parameter.type()) + " " + parameter.name())
            .collect(Collectors.joining(", "));
    return Optional.of(
        "%s %s(%s)"
            .formatted(
                btf.typeName(prototype.result()),
                function.name(),
                parameters.isEmpty() ? "void" : parameters));
  }

  private final class Names implements InstructionNames {
    @Override
    public String helper(int id) {
      return HelperNames.nameOf(id)
          .map(name -> "bpf_" + name + "#" + id)
          .orElse(InstructionNames.NONE.helper(id));
    }

    @Override
    public String function(int slot, int relative) {
      BtfType.Function function = functions.get(slot);
      String place = InstructionNames.NONE.function(slot, relative);
      return function == null ? place : place + "#" + function.name();
    }

    @Override
    public String wide(int slot, int kind, int low, int high) {
      Reference reference = references.get(slot);
      if (reference == null) {
        return kind == Isa.BPF_PSEUDO_FUNC
            ? "subprog[%s]".formatted(function(slot + 1 + low, low))
            : InstructionNames.NONE.wide(slot, kind, low, high);
      }
      return switch (reference) {
        case Reference.ToMap map -> "map[%s]".formatted(map.map());
        case Reference.ToMapValue value -> "map[%s][0]%+d".formatted(value.map(), value.offset());
        case Reference.ToKernelSymbol symbol -> "ksym[%s]".formatted(symbol.symbol());
        case Reference.ToKernelFunction function -> "kfunc[%s]".formatted(function.function());
      };
    }
  }
}
