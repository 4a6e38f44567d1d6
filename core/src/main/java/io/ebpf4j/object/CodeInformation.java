package io.ebpf4j.object;

import io.ebpf4j.btf.BtfExt;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.ProgramSpec.CoreRelocation;
import io.ebpf4j.spec.ProgramSpec.LineInfo;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** What BTF.ext says about the functions of each section of code. */
final class CodeInformation {
  static final CodeInformation NONE = new CodeInformation(null);

  private final @Nullable BtfExt ext;
  private final Map<String, OfSection> sections = new HashMap<>();

  /** About one function, by slots that count from its first. */
  record OfFunction(int btfType, List<LineInfo> lines, List<CoreRelocation> coreRelocations) {}

  private record OfSection(
      List<BtfExt.FunctionRecord> functions,
      List<BtfExt.LineRecord> lines,
      List<BtfExt.CoreRecord> relocations) {}

  CodeInformation(@Nullable BtfExt ext) {
    this.ext = ext;
  }

  /** What is known about the function of {@code size} slots from slot {@code start} on. */
  OfFunction of(ElfFile.Section section, int start, int size) {
    OfSection all = sections.computeIfAbsent(section.name(), this::sorted);
    int from = start * Instruction.SIZE;
    int to = from + size * Instruction.SIZE;
    List<BtfExt.FunctionRecord> functions =
        Ranges.between(all.functions, BtfExt.FunctionRecord::byteOffset, from, from + 1);
    return new OfFunction(
        functions.isEmpty() ? 0 : functions.getFirst().typeId(),
        Ranges.between(all.lines, BtfExt.LineRecord::byteOffset, from, to).stream()
            .map(line ->
                new LineInfo(
                    slot(line.byteOffset(), from),
                    line.fileName(),
                    line.lineText(),
                    line.line(),
                    line.column()))
            .toList(),
        Ranges.between(all.relocations, BtfExt.CoreRecord::byteOffset, from, to).stream()
            .map(relocation ->
                new CoreRelocation(
                    slot(relocation.byteOffset(), from),
                    relocation.typeId(),
                    relocation.access(),
                    relocation.kind().ordinal()))
            .toList());
  }

  private OfSection sorted(String section) {
    if (ext == null) {
      return new OfSection(List.of(), List.of(), List.of());
    }
    return new OfSection(
        sorted(ext.functions(section), BtfExt.FunctionRecord::byteOffset),
        sorted(ext.lines(section), BtfExt.LineRecord::byteOffset),
        sorted(ext.relocations(section), BtfExt.CoreRecord::byteOffset));
  }

  private static <T> List<T> sorted(List<T> records, ToIntFunction<T> offset) {
    return records.stream().sorted(Comparator.comparingInt(offset)).toList();
  }

  private static int slot(int byteOffset, int from) {
    return (byteOffset - from) / Instruction.SIZE;
  }
}
