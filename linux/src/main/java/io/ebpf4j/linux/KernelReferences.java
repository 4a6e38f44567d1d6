package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Puts descriptors of maps and the kernel's symbols into a program's instructions. */
final class KernelReferences {
  /**
   * What a call of a missing weak function becomes: no helper has this number (libbpf's choice).
   */
  private static final int POISONED_CALL = 2_002_000_000;

  private final ProgramSpec spec;
  private final Map<String, Integer> mapFds;
  private final KernelSymbols symbols;
  private final List<Instruction> instructions;

  private KernelReferences(ProgramSpec spec, Map<String, Integer> mapFds, KernelSymbols symbols) {
    this.spec = spec;
    this.mapFds = mapFds;
    this.symbols = symbols;
    this.instructions = new ArrayList<>(spec.instructions());
  }

  /**
   * The program's instructions with all references resolved.
   *
   * @throws BpfException EBADF for a map that was not given, ENOENT for a kernel symbol that this
   *     kernel does not have and that is not weak
   */
  static List<Instruction> resolve(
      ProgramSpec spec, Map<String, Integer> mapFds, KernelSymbols symbols) {
    KernelReferences references = new KernelReferences(spec, mapFds, symbols);
    spec.references().forEach(references::resolve);
    return references.instructions;
  }

  /**
   * Descriptors of the maps that a program names by index.
   *
   * @throws BpfException EBADF for a map that was not given, EINVAL for an index that is none
   */
  static int[] byIndex(ProgramSpec spec, Map<String, Integer> mapFds) {
    List<String> names = spec.mapsByIndex();
    int[] fds = new int[names.size()];
    for (int i = 0; i < fds.length; i++) {
      Integer fd = mapFds.get(names.get(i));
      if (fd == null) {
        throw notGiven(spec, names.get(i));
      }
      fds[i] = fd;
    }
    for (int slot = 0; fds.length > 0 && slot < spec.instructions().size(); slot++) {
      Instruction i = spec.instructions().get(slot);
      boolean byIndex =
          i.src() == Isa.BPF_PSEUDO_MAP_IDX || i.src() == Isa.BPF_PSEUDO_MAP_IDX_VALUE;
      // Linux would read past the end of the list.
      if (i.isWide() && byIndex && (i.imm() < 0 || i.imm() >= fds.length)) {
        throw new BpfException(
            Errno.EINVAL,
            "instruction %d of program '%s' names map %d of the %d that were numbered"
                .formatted(slot, spec.name(), Integer.toUnsignedLong(i.imm()), fds.length));
      }
    }
    return fds;
  }

  private void resolve(Reference reference) {
    int slot = reference.slot();
    switch (reference) {
      case Reference.ToMap(int _, String map) -> put(slot, Isa.BPF_PSEUDO_MAP_FD, fd(map), 0);
      case Reference.ToMapValue(int _, String map, int offset) ->
          put(slot, Isa.BPF_PSEUDO_MAP_VALUE, fd(map), offset);
      case Reference.ToKernelSymbol(int _, String symbol, int type, boolean weak) -> {
        if (symbols.isTyped(type)) {
          typed(slot, symbol, type, weak);
        } else {
          untyped(slot, symbol, weak);
        }
      }
      case Reference.ToKernelFunction(int _, String function, int _, boolean weak) ->
          call(slot, function, weak);
    }
  }

  private void typed(int slot, String symbol, int type, boolean weak) {
    OptionalInt id = symbols.id(symbol, type);
    if (id.isPresent()) {
      put(slot, Isa.BPF_PSEUDO_BTF_ID, id.getAsInt(), 0);
    } else if (weak) {
      put(slot, 0, 0, 0);
    } else {
      throw missing(slot, "variable '" + symbol + "' in its BTF");
    }
  }

  private void untyped(int slot, String symbol, boolean weak) {
    OptionalLong address = KernelSymbols.address(symbol);
    if (address.isEmpty() && !weak) {
      throw missing(slot, "symbol '" + symbol + "' in /proc/kallsyms");
    }
    long value = address.orElse(0);
    put(slot, 0, (int) value, (int) (value >>> 32));
  }

  private void call(int slot, String function, boolean weak) {
    OptionalInt id = symbols.function(function);
    Instruction call = instructions.get(slot);
    if (id.isPresent()) {
      instructions.set(
          slot, call.withSrc(Isa.BPF_PSEUDO_KFUNC_CALL).withOffset(0).withImm(id.getAsInt()));
    } else if (weak) {
      instructions.set(slot, call.withSrc(0).withOffset(0).withImm(POISONED_CALL));
    } else {
      throw missing(slot, "function '" + function + "' in its BTF");
    }
  }

  private void put(int slot, int source, int low, int high) {
    instructions.set(slot, instructions.get(slot).withSrc(source).withImm(low));
    instructions.set(slot + 1, instructions.get(slot + 1).withImm(high));
  }

  private int fd(String map) {
    Integer fd = mapFds.get(map);
    if (fd == null) {
      throw notGiven(spec, map);
    }
    return fd;
  }

  private static BpfException notGiven(ProgramSpec spec, String map) {
    return new BpfException(
        Errno.EBADF, "program '%s' uses map '%s', which was not given".formatted(spec.name(), map));
  }

  private BpfException missing(int slot, String what) {
    return new BpfException(
        Errno.ENOENT,
        "instruction %d of program '%s' needs the kernel's %s, which this kernel does not have"
            .formatted(slot, spec.name(), what));
  }
}
