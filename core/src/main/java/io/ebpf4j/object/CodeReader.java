package io.ebpf4j.object;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.spec.ProgramSpec.Reference;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Reads the functions of the sections of code, and says what each of their relocations means. */
final class CodeReader {
  /** Functions may share their bytes, so without a limit a small file could hold very many. */
  private static final int MOST_PARTS = 4_000_000;

  private final ElfFile elf;
  private final Map<String, Extern> externs;
  private final Map<Long, String> mapNames;
  private final Map<String, Integer> configurationOffsets;
  private final CodeInformation information;
  private final boolean oldGnuAssembler;
  private int parts;

  /**
   * A reader.
   *
   * @param externs by name
   * @param mapNames the maps of section {@code .maps} by their offset in it
   * @param configurationOffsets where each extern lies in the {@code .kconfig} map
   * @param information what BTF.ext says about instructions
   */
  CodeReader(
      ElfFile elf,
      Map<String, Extern> externs,
      Map<Long, String> mapNames,
      Map<String, Integer> configurationOffsets,
      CodeInformation information) {
    this.elf = elf;
    this.externs = externs;
    this.mapNames = mapNames;
    this.configurationOffsets = configurationOffsets;
    this.information = information;
    this.oldGnuAssembler = GnuAssembler.isOld(elf);
  }

  /** All functions, by section and place. */
  List<Function> read() {
    List<Function> functions = new ArrayList<>();
    for (ElfFile.Section section : elf.sections()) {
      if (section.isCode() && section.size() > 0) {
        read(section, functions);
      }
    }
    return functions;
  }

  private void read(ElfFile.Section section, List<Function> functions) {
    if (section.size() % Instruction.SIZE != 0) {
      throw elf.broken(
          "section %s has %d bytes, no multiple of the %d of an instruction",
          section.name(), section.size(), Instruction.SIZE);
    }
    List<Instruction> code = Instruction.decode(elf.bytes(section));
    List<ElfFile.Symbol> symbols =
        elf.symbols(section).stream()
            .filter(ElfFile.Symbol::isFunction)
            .sorted(Comparator.comparingLong(ElfFile.Symbol::value))
            .toList();
    for (ElfFile.Symbol symbol : symbols) {
      functions.add(function(section, code, symbol));
    }
  }

  private Function function(
      ElfFile.Section section, List<Instruction> code, ElfFile.Symbol symbol) {
    long start = symbol.value();
    long size = symbol.size();
    if (start < 0
        || start >= section.size()
        || size <= 0
        || size > section.size() - start
        || start % Instruction.SIZE != 0
        || size % Instruction.SIZE != 0) {
      throw elf.broken(
          "function %s with %s bytes from byte %s on does not fit section %s, which has %d",
          symbol.name(),
          Long.toUnsignedString(size),
          Long.toUnsignedString(start),
          section.name(),
          section.size());
    }
    int firstSlot = (int) (start / Instruction.SIZE);
    int count = (int) (size / Instruction.SIZE);
    count(count);
    FunctionBuilder builder =
        new FunctionBuilder(
            symbol.name(), section, firstSlot, code.subList(firstSlot, firstSlot + count));
    List<ElfFile.Relocation> own =
        Ranges.between(elf.relocations(section), ElfFile.Relocation::offset, start, start + size);
    for (ElfFile.Relocation relocation : own) {
      builder.relocate(relocation);
    }
    return builder.build(symbol.isLocal());
  }

  private void count(int more) {
    parts += more;
    if (parts > MOST_PARTS) {
      throw elf.broken(
          "its functions have more than %d instructions, lines and relocations together",
          MOST_PARTS);
    }
  }

  private final class FunctionBuilder {
    private final String name;
    private final ElfFile.Section section;
    private final int start;
    private final List<Instruction> instructions;
    private final boolean[] relocated;
    private final List<Function.Call> calls = new ArrayList<>();
    private final List<Reference> references = new ArrayList<>();

    FunctionBuilder(
        String name, ElfFile.Section section, int start, List<Instruction> instructions) {
      this.name = name;
      this.section = section;
      this.start = start;
      this.instructions = new ArrayList<>(instructions);
      this.relocated = new boolean[instructions.size()];
    }

    Function build(boolean local) {
      addCallsWithoutRelocation();
      calls.sort(Comparator.comparingInt(Function.Call::slot));
      CodeInformation.OfFunction own = information.of(section, start, instructions.size());
      count(own.lines().size() + own.coreRelocations().size());
      return new Function(
          name,
          section.index(),
          section.name(),
          start,
          local,
          List.copyOf(instructions),
          List.copyOf(calls),
          List.copyOf(references),
          own.coreRelocations(),
          own.btfType(),
          own.lines());
    }

    void relocate(ElfFile.Relocation relocation) {
      if (relocation.type() == ElfFile.R_BPF_NONE) {
        return;
      }
      int slot = (int) (relocation.offset() / Instruction.SIZE) - start;
      if (relocation.offset() % Instruction.SIZE != 0 || relocated[slot]) {
        throw elf.broken(
            "a relocation at byte %d of section %s is not at an instruction of its own",
            relocation.offset(), section.name());
      }
      relocated[slot] = true;
      Instruction instruction = instructions.get(slot);
      switch (relocation.type()) {
        case ElfFile.R_BPF_64_64 -> {
          if (!instruction.isWide() || slot + 1 >= instructions.size()) {
            throw misplaced(slot, "R_BPF_64_64", "a 64-bit immediate load");
          }
          relocateLoad(slot, instruction, relocation);
        }
        case ElfFile.R_BPF_64_32 -> {
          if (!isFunctionCall(instruction)) {
            throw misplaced(slot, "R_BPF_64_32", "a call of a function");
          }
          relocateCall(slot, instruction, relocation);
        }
        default ->
            throw elf.broken(
                "instruction %d of %s has relocation type %d, which no instruction takes",
                slot, name, relocation.type());
      }
    }

    private void relocateCall(int slot, Instruction call, ElfFile.Relocation relocation) {
      ElfFile.Symbol symbol = relocation.symbol();
      if (symbol.isExtern()) {
        Extern extern = extern(slot, symbol);
        if (extern.kind() != Extern.Kind.KERNEL_FUNCTION) {
          throw elf.broken(
              "instruction %d of %s calls %s, which nothing defines; a kernel function is declared"
                  + " with extern … __ksym and compiled with -g",
              slot, name, symbol.name());
        }
        instructions.set(slot, call.withSrc(Isa.BPF_PSEUDO_KFUNC_CALL).withImm(0));
        references.add(
            new Reference.ToKernelFunction(slot, extern.name(), extern.btfType(), extern.weak()));
        return;
      }
      long target = symbol.value() / Instruction.SIZE + call.imm() + 1 + relocation.addend();
      if (oldGnuAssembler && GnuAssembler.holdsAddress(symbol, call.imm() + 1L)) {
        target = symbol.value() / Instruction.SIZE;
      }
      addCall(slot, symbol, target);
    }

    private void relocateLoad(int slot, Instruction load, ElfFile.Relocation relocation) {
      ElfFile.Symbol symbol = relocation.symbol();
      if (symbol.isExtern()) {
        relocateExtern(slot, extern(slot, symbol));
        return;
      }
      ElfFile.Section target = target(slot, symbol);
      long offset = symbol.value() + load.imm() + relocation.addend();
      if (oldGnuAssembler && GnuAssembler.holdsAddress(symbol, load.imm())) {
        offset = symbol.value();
      }
      if (target.isCode()) {
        if (offset % Instruction.SIZE != 0) {
          throw elf.broken(
              "instruction %d of %s takes the address of byte %d of section %s, where no function"
                  + " begins",
              slot, name, offset, target.name());
        }
        instructions.set(slot, load.withSrc(Isa.BPF_PSEUDO_FUNC));
        addCall(slot, symbol, offset / Instruction.SIZE);
      } else if (target.name().equals(MapReader.SECTION)) {
        String map = mapNames.get(symbol.type() == ElfFile.STT_SECTION ? offset : symbol.value());
        if (map == null) {
          throw elf.broken(
              "instruction %d of %s loads the address of byte %d of section .maps, where no map"
                  + " begins",
              slot, name, offset);
        }
        clear(slot, Isa.BPF_PSEUDO_MAP_FD);
        references.add(new Reference.ToMap(slot, map));
      } else if (DataSections.isData(target)) {
        clear(slot, Isa.BPF_PSEUDO_MAP_VALUE);
        references.add(new Reference.ToMapValue(slot, target.name(), (int) offset));
      } else {
        throw elf.broken(
            "instruction %d of %s loads the address of %s in section %s, which is neither code nor"
                + " a map nor global data",
            slot, name, symbol.name(), target.name());
      }
    }

    private void relocateExtern(int slot, Extern extern) {
      switch (extern.kind()) {
        case CONFIGURATION -> {
          clear(slot, Isa.BPF_PSEUDO_MAP_VALUE);
          int offset = Objects.requireNonNull(configurationOffsets.get(extern.name()));
          references.add(new Reference.ToMapValue(slot, ConfigurationMap.SECTION, offset));
        }
        case KERNEL_SYMBOL, KERNEL_FUNCTION -> {
          clear(slot, Isa.BPF_PSEUDO_BTF_ID);
          references.add(
              new Reference.ToKernelSymbol(slot, extern.name(), extern.btfType(), extern.weak()));
        }
        case UNKNOWN ->
            throw elf.broken(
                "instruction %d of %s needs %s, which nothing defines; declare it with __ksym or"
                    + " __kconfig and compile with -g",
                slot, name, extern.name());
      }
    }

    /** Calls of static functions in the same section need no relocation. */
    private void addCallsWithoutRelocation() {
      boolean secondHalf = false;
      for (int slot = 0; slot < instructions.size(); slot++) {
        Instruction instruction = instructions.get(slot);
        if (!secondHalf && !relocated[slot] && isFunctionCall(instruction)) {
          long target = (long) start + slot + instruction.imm() + 1;
          addCall(slot, section.index(), target);
        }
        secondHalf = !secondHalf && instruction.isWide();
      }
    }

    private void addCall(int slot, ElfFile.Symbol symbol, long target) {
      ElfFile.Section in = target(slot, symbol);
      if (!in.isCode()) {
        throw elf.broken(
            "instruction %d of %s calls %s in section %s, which holds no code",
            slot, name, symbol.name(), in.name());
      }
      addCall(slot, in.index(), target);
    }

    private void addCall(int slot, int in, long target) {
      if (target != (int) target) {
        throw elf.broken("instruction %d of %s calls out of its section", slot, name);
      }
      calls.add(new Function.Call(slot, in, (int) target));
    }

    private ElfFile.Section target(int slot, ElfFile.Symbol symbol) {
      if (symbol.section() >= elf.sections().size() || symbol.section() == ElfFile.SHN_UNDEF) {
        throw elf.broken(
            "instruction %d of %s refers to %s, which lies in no section%s",
            slot,
            name,
            symbol.name().isEmpty() ? "a symbol without a name" : symbol.name(),
            symbol.section() == ElfFile.SHN_COMMON ? "; compile with -fno-common" : "");
      }
      return elf.sections().get(symbol.section());
    }

    private Extern extern(int slot, ElfFile.Symbol symbol) {
      Extern extern = externs.get(symbol.name());
      if (extern == null) {
        throw elf.broken(
            "instruction %d of %s refers to a symbol without a name that nothing defines",
            slot, name);
      }
      return extern;
    }

    private void clear(int slot, int pseudoKind) {
      instructions.set(slot, instructions.get(slot).withSrc(pseudoKind).withImm(0));
      instructions.set(slot + 1, instructions.get(slot + 1).withImm(0));
    }

    private ObjectFormatException misplaced(int slot, String type, String wanted) {
      return elf.broken("instruction %d of %s has %s but is not %s", slot, name, type, wanted);
    }
  }

  private static boolean isFunctionCall(Instruction instruction) {
    return instruction.opcode() == (Isa.BPF_JMP | Isa.BPF_CALL)
        && instruction.src() == Isa.BPF_PSEUDO_CALL;
  }
}
