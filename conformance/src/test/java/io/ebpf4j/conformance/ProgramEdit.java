package io.ebpf4j.conformance;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.FunctionInfo;
import io.ebpf4j.spec.ProgramSpec.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Takes instructions out of programs; what jumps over them jumps as far as is left. */
final class ProgramEdit {
  private ProgramEdit() {}

  /** The smallest program found for which something still holds, by dropping instructions. */
  static VerdictCase shrink(VerdictCase from, Predicate<VerdictCase> holds) {
    VerdictCase smallest = from;
    for (int chunk = Math.max(1, size(from) / 2); chunk > 0; chunk /= 2) {
      boolean smaller = true;
      while (smaller) {
        smaller = false;
        for (int slot = size(smallest) - chunk; slot >= 0; slot--) {
          Optional<VerdictCase> fewer =
              without(smallest.program(), slot, chunk).map(smallest::with).filter(holds);
          if (fewer.isPresent()) {
            smallest = fewer.get();
            smaller = true;
            slot = Math.min(slot, size(smallest) - chunk + 1);
          }
        }
      }
    }
    return smallest;
  }

  private static int size(VerdictCase of) {
    return of.program().instructions().size();
  }

  /** The program without some slots, or nothing where they begin or end within a wide load. */
  static Optional<ProgramSpec> without(ProgramSpec program, int first, int count) {
    List<Instruction> all = program.instructions();
    int end = first + count;
    boolean whole = isStart(all, first) && (end == all.size() || isStart(all, end));
    if (!whole || program.functions().stream().anyMatch(f -> f.slot() >= first && f.slot() < end)) {
      return Optional.empty();
    }
    List<Instruction> left = new ArrayList<>();
    for (int slot = 0; slot < all.size(); slot++) {
      if (slot < first || slot >= end) {
        left.add(retarget(all.get(slot), slot, first, count));
      }
      if (all.get(slot).isWide() && slot + 1 < all.size() && (slot < first || slot >= end)) {
        slot++;
        left.add(all.get(slot));
      }
    }
    List<Reference> references = new ArrayList<>();
    for (Reference reference : program.references()) {
      if (reference.slot() < first || reference.slot() >= end) {
        references.add(moved(reference, moved(reference.slot(), first, count)));
      }
    }
    List<FunctionInfo> functions =
        program.functions().stream()
            .map(f -> new FunctionInfo(moved(f.slot(), first, count), f.typeId()))
            .toList();
    return Optional.of(
        program
            .withInstructions(left)
            .withReferences(references)
            .withDebugInformation(program.btf(), functions, List.of()));
  }

  private static boolean isStart(List<Instruction> all, int slot) {
    int at = 0;
    while (at < slot && at < all.size()) {
      at += all.get(at).isWide() ? 2 : 1;
    }
    return at == slot;
  }

  private static Instruction retarget(Instruction i, int slot, int first, int count) {
    int type = i.opcode() & 0x07;
    int operation = i.opcode() & 0xf0;
    boolean function =
        (i.isWide() && i.src() == Isa.BPF_PSEUDO_FUNC)
            || (i.opcode() == (Isa.BPF_JMP | Isa.BPF_CALL) && i.src() == Isa.BPF_PSEUDO_CALL);
    if (function || i.opcode() == (Isa.BPF_JMP32 | Isa.BPF_JA)) {
      return i.withImm(distance(slot, slot + 1 + i.imm(), first, count));
    }
    boolean jump = type == Isa.BPF_JMP || type == Isa.BPF_JMP32;
    if (!jump || operation == Isa.BPF_CALL || operation == Isa.BPF_EXIT) {
      return i;
    }
    return i.withOffset(distance(slot, slot + 1 + i.offset(), first, count));
  }

  private static int distance(int from, int to, int first, int count) {
    return moved(to, first, count) - moved(from, first, count) - 1;
  }

  private static int moved(int slot, int first, int count) {
    return slot <= first ? slot : Math.max(first, slot - count);
  }

  static Reference moved(Reference reference, int slot) {
    return switch (reference) {
      case Reference.ToMap(int _, String map) -> new Reference.ToMap(slot, map);
      case Reference.ToMapValue(int _, String map, int offset) ->
          new Reference.ToMapValue(slot, map, offset);
      case Reference.ToKernelSymbol(int _, String symbol, int type, boolean weak) ->
          new Reference.ToKernelSymbol(slot, symbol, type, weak);
      case Reference.ToKernelFunction(int _, String function, int type, boolean weak) ->
          new Reference.ToKernelFunction(slot, function, type, weak);
    };
  }
}
