package io.ebpf4j.object;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.ProgramSpec.CoreRelocation;
import io.ebpf4j.spec.ProgramSpec.FunctionInfo;
import io.ebpf4j.spec.ProgramSpec.LineInfo;
import io.ebpf4j.spec.ProgramSpec.Reference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Puts a program together: its own slots first, then each function that it reaches once, in the
 * order in which a walk along the calls first meets them, as libbpf lays them out.
 */
final class Linker {
  /** Linux takes no program with more instructions (BPF_COMPLEXITY_LIMIT_INSNS). */
  private static final int MOST_SLOTS = 1_000_000;

  private final ElfFile elf;
  private final Map<Place, Function> functions = new HashMap<>();

  /** A program's linked parts, with all slots counted from the program's first. */
  record Linked(
      List<Instruction> instructions,
      List<Reference> references,
      List<CoreRelocation> coreRelocations,
      List<FunctionInfo> functions,
      List<LineInfo> lines) {}

  private record Place(int section, int start) {}

  private static final class Visit {
    final Function function;
    int nextCall;

    Visit(Function function) {
      this.function = function;
    }
  }

  Linker(ElfFile elf, List<Function> all) {
    this.elf = elf;
    for (Function function : all) {
      functions.putIfAbsent(placeOf(function), function);
    }
  }

  /**
   * Links a program.
   *
   * @param last a function that comes after all others although nothing calls it
   */
  Linked link(Function program, Optional<Function> last) {
    Map<Place, Integer> starts = layOut(program, last);
    List<Instruction> instructions = new ArrayList<>();
    List<Reference> references = new ArrayList<>();
    List<CoreRelocation> coreRelocations = new ArrayList<>();
    List<FunctionInfo> functionInfos = new ArrayList<>();
    List<LineInfo> lines = new ArrayList<>();
    starts.forEach((place, start) -> {
      Function function = at(place);
      instructions.addAll(function.instructions());
      for (Function.Call call : function.calls()) {
        int slot = start + call.slot();
        int target = Objects.requireNonNull(starts.get(target(function, call)));
        instructions.set(slot, instructions.get(slot).withImm(target - slot - 1));
      }
      function.references().forEach(reference -> references.add(moved(reference, start)));
      for (CoreRelocation relocation : function.coreRelocations()) {
        coreRelocations.add(
            new CoreRelocation(
                start + relocation.slot(),
                relocation.typeId(),
                relocation.access(),
                relocation.kind()));
      }
      if (function.btfType() != 0) {
        functionInfos.add(new FunctionInfo(start, function.btfType()));
      }
      for (LineInfo line : function.lines()) {
        lines.add(
            new LineInfo(
                start + line.slot(), line.file(), line.text(), line.line(), line.column()));
      }
    });
    // The kernel wants to know the type and the first line of every function, or of none.
    boolean complete = functionInfos.size() == starts.size();
    Set<Integer> withLine = new HashSet<>();
    lines.forEach(line -> withLine.add(line.slot()));
    boolean linesComplete = complete && withLine.containsAll(starts.values());
    return new Linked(
        instructions,
        references,
        coreRelocations,
        complete ? functionInfos : List.of(),
        linesComplete ? lines : List.of());
  }

  private Map<Place, Integer> layOut(Function program, Optional<Function> last) {
    Map<Place, Integer> starts = new LinkedHashMap<>();
    int size = layOut(program, program, 0, starts);
    if (last.isPresent() && !starts.containsKey(placeOf(last.get()))) {
      layOut(program, last.get(), size, starts);
    }
    return starts;
  }

  private int layOut(Function program, Function first, int before, Map<Place, Integer> starts) {
    starts.put(placeOf(first), before);
    int size = before + first.size();
    Deque<Visit> path = new ArrayDeque<>();
    path.push(new Visit(first));
    while (!path.isEmpty()) {
      Visit visit = path.element();
      if (visit.nextCall == visit.function.calls().size()) {
        path.pop();
        continue;
      }
      Place callee = target(visit.function, visit.function.calls().get(visit.nextCall++));
      if (starts.putIfAbsent(callee, size) == null) {
        size += at(callee).size();
        path.push(new Visit(at(callee)));
      }
      if (size > MOST_SLOTS) {
        throw elf.broken(
            "program %s with the functions it calls has more than %d instructions",
            program.name(), MOST_SLOTS);
      }
    }
    return size;
  }

  private Place target(Function caller, Function.Call call) {
    Place target = new Place(call.section(), call.targetStart());
    if (!functions.containsKey(target)) {
      throw elf.broken(
          "instruction %d of %s calls instruction %d of section %s, where no function begins",
          call.slot(),
          caller.name(),
          call.targetStart(),
          elf.sections().get(call.section()).name());
    }
    return target;
  }

  private Function at(Place place) {
    return Objects.requireNonNull(functions.get(place));
  }

  private static Place placeOf(Function function) {
    return new Place(function.section(), function.start());
  }

  private static Reference moved(Reference reference, int by) {
    return switch (reference) {
      case Reference.ToMap(int slot, String map) -> new Reference.ToMap(slot + by, map);
      case Reference.ToMapValue(int slot, String map, int offset) ->
          new Reference.ToMapValue(slot + by, map, offset);
      case Reference.ToKernelSymbol(int slot, String symbol, int btfType, boolean weak) ->
          new Reference.ToKernelSymbol(slot + by, symbol, btfType, weak);
      case Reference.ToKernelFunction(int slot, String function, int btfType, boolean weak) ->
          new Reference.ToKernelFunction(slot + by, function, btfType, weak);
    };
  }
}
