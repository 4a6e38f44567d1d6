package io.ebpf4j.jvm.program;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.BpfException;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.cpu.FunctionPointer;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.handle.FdTable;
import io.ebpf4j.jvm.helper.KfuncPrototype;
import io.ebpf4j.jvm.helper.KfuncTable;
import io.ebpf4j.jvm.interpreter.Code.Refusal;
import io.ebpf4j.jvm.interpreter.Location;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.JvmMap.ValueArea;
import io.ebpf4j.jvm.verifier.Subject.MapUse;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Puts what a program refers to into its instructions. */
final class References {
  private final Machine machine;
  private final ProgramSpec spec;
  private final Map<String, JvmMap> named;
  private final KfuncTable kfuncs;
  private final List<Instruction> instructions;
  private final Map<Integer, Refusal> refused = new HashMap<>();
  private final List<JvmMap> maps = new ArrayList<>();
  private final Map<Integer, MapUse> uses = new HashMap<>();

  private References(
      Machine machine, ProgramSpec spec, Map<String, JvmMap> named, KfuncTable kfuncs) {
    this.machine = machine;
    this.spec = spec;
    this.named = named;
    this.kfuncs = kfuncs;
    this.instructions = new ArrayList<>(spec.instructions());
  }

  /**
   * Resolves all references. The maps found are held once more; the caller releases them.
   *
   * @throws BpfException ENOENT, EBADF or EINVAL where one cannot be resolved
   */
  static References resolve(
      Machine machine, ProgramSpec spec, Map<String, JvmMap> named, RunOptions options) {
    References references = new References(machine, spec, named, options.kfuncs());
    try {
      options.poisoned().forEach(references::poison);
      spec.references().forEach(references::resolve);
      references.resolveDescriptors();
      return references;
    } catch (Throwable failure) {
      references.maps.forEach(JvmMap::release);
      throw failure;
    }
  }

  /** All slots. */
  List<Instruction> instructions() {
    return instructions;
  }

  /** Slots that stop a run which reaches them. */
  Map<Integer, Refusal> refused() {
    return refused;
  }

  /** What the wide loads load that name maps, by slot. */
  Map<Integer, MapUse> uses() {
    return uses;
  }

  /** The maps that the program uses, each once. */
  List<JvmMap> maps() {
    return List.copyOf(maps);
  }

  private void poison(int slot, String lacks) {
    refused.put(
        slot,
        new Refusal(Errno.EINVAL, "a CO-RE relocation found nothing to relocate to: " + lacks));
  }

  private void resolve(Reference reference) {
    int slot = reference.slot();
    switch (reference) {
      case Reference.ToMap(_, String name) -> putMap(slot, hold(named(slot, name)));
      case Reference.ToMapValue(_, String name, int offset) ->
          putValue(slot, hold(named(slot, name)), offset);
      case Reference.ToKernelSymbol(_, String symbol, _, boolean weak) -> {
        KfuncPrototype kfunc = kfuncs.find(symbol).orElse(null);
        if (kfunc != null) {
          instructions.set(
              slot, instructions.get(slot).withSrc(BPF_PSEUDO_BTF_ID).withImm(kfunc.id()));
          return;
        }
        if (!weak) {
          throw refusal(
              slot,
              Errno.ENOENT,
              "kernel variable %s is not part of this kernel".formatted(symbol));
        }
        putWide(slot, 0);
      }
      case Reference.ToKernelFunction(_, String function, _, boolean weak) ->
          resolveCall(slot, function, weak);
    }
  }

  private void resolveCall(int slot, String function, boolean weak) {
    Instruction call = instructions.get(slot).withSrc(BPF_PSEUDO_KFUNC_CALL);
    KfuncPrototype kfunc = kfuncs.find(function).orElse(null);
    if (kfunc != null) {
      instructions.set(slot, call.withOffset(0).withImm(kfunc.id()));
      return;
    }
    String sentence = "kernel function %s is not part of this kernel".formatted(function);
    if (!weak) {
      throw refusal(slot, Errno.ENOENT, sentence);
    }
    instructions.set(slot, call.withImm(0));
    refused.put(slot, new Refusal(Errno.EINVAL, sentence));
  }

  private JvmMap named(int slot, String name) {
    JvmMap map = named.get(name);
    if (map == null) {
      throw refusal(slot, Errno.ENOENT, "there is no map " + name);
    }
    return map;
  }

  /** Resolves what instructions themselves say by descriptor. */
  private void resolveDescriptors() {
    for (int slot = 0; slot < instructions.size(); slot++) {
      Instruction i = instructions.get(slot);
      if (i.opcode() == (BPF_JMP | BPF_CALL)
          && i.src() == BPF_PSEUDO_KFUNC_CALL
          && !refused.containsKey(slot)
          && (i.offset() != 0 || kfuncs.find(i.imm()).isEmpty())) {
        throw refusal(
            slot,
            Errno.EINVAL,
            "kernel function with BTF id %d is not part of this kernel".formatted(i.imm()));
      }
      if (i.isWide()) {
        resolveWide(slot, i);
        slot++;
      }
    }
  }

  private void resolveWide(int slot, Instruction i) {
    switch (i.src()) {
      case BPF_PSEUDO_MAP_FD -> putMap(slot, hold(described(slot, i.imm())));
      case BPF_PSEUDO_MAP_VALUE -> {
        JvmMap map = hold(described(slot, i.imm()));
        putValue(slot, map, instructions.get(slot + 1).imm());
      }
      case BPF_PSEUDO_BTF_ID -> {
        if (kfuncs.find(i.imm()).isEmpty()) {
          throw refusal(
              slot,
              Errno.ENOENT,
              "kernel variable with BTF id %d is not part of this kernel".formatted(i.imm()));
        }
        putWide(slot, FunctionPointer.ofKernel(i.imm()));
        instructions.set(slot, instructions.get(slot).withSrc(BPF_PSEUDO_BTF_ID));
      }
      case BPF_PSEUDO_MAP_IDX -> putMap(slot, hold(numbered(slot, i.imm())));
      case BPF_PSEUDO_MAP_IDX_VALUE ->
          putValue(slot, hold(numbered(slot, i.imm())), instructions.get(slot + 1).imm());
      default -> {}
    }
  }

  private JvmMap numbered(int slot, int index) {
    List<String> names = spec.mapsByIndex();
    if (names.isEmpty()) {
      throw refusal(slot, Errno.EPROTO, "it names a map by index, and no maps were numbered");
    }
    if (index < 0 || index >= names.size()) {
      throw refusal(
          slot,
          Errno.EINVAL,
          "it names map %d of the %d that were numbered"
              .formatted(Integer.toUnsignedLong(index), names.size()));
    }
    return named(slot, names.get(index));
  }

  private JvmMap described(int slot, int fd) {
    Counted object =
        machine
            .slots()
            .getOrSet(FdTable.SLOT, FdTable::new)
            .hold(fd)
            .orElseThrow(
                () -> refusal(slot, Errno.EBADF, "no map has the descriptor %d".formatted(fd)));
    try {
      if (object instanceof JvmMap map) {
        return hold(map);
      }
      throw refusal(slot, Errno.EINVAL, "descriptor %d is of no map".formatted(fd));
    } finally {
      object.release();
    }
  }

  private JvmMap hold(JvmMap map) {
    if (!maps.contains(map)) {
      map.retain();
      maps.add(map);
    }
    return map;
  }

  private long valueAddress(int slot, JvmMap map, int offset) {
    List<ValueArea> areas = map.valueAreas();
    if (map.spec().type() != MapType.ARRAY || areas.size() != 1 || areas.getFirst().count() != 1) {
      throw refusal(
          slot,
          map.spec().type() == MapType.ARRAY ? Errno.ENOTSUPP : Errno.EINVAL,
          "map %s is no array of one element, whose value alone has an address"
              .formatted(map.spec().name()));
    }
    int size = areas.getFirst().valueSize();
    if (Integer.compareUnsigned(offset, size) >= 0) {
      throw refusal(
          slot,
          Errno.EINVAL,
          "offset %d is past the %d bytes of the value of map %s"
              .formatted(Integer.toUnsignedLong(offset), size, map.spec().name()));
    }
    return areas.getFirst().base() + offset;
  }

  private void putMap(int slot, JvmMap map) {
    uses.put(slot, new MapUse(map, -1));
    putWide(slot, map.address());
  }

  private void putValue(int slot, JvmMap map, int offset) {
    putWide(slot, valueAddress(slot, map, offset));
    uses.put(slot, new MapUse(map, offset));
  }

  private void putWide(int slot, long value) {
    Instruction first = instructions.get(slot);
    instructions.set(slot, first.withSrc(0).withImm((int) value));
    instructions.set(slot + 1, instructions.get(slot + 1).withImm((int) (value >>> Integer.SIZE)));
  }

  private BpfException refusal(int slot, Errno errno, String sentence) {
    return new BpfException(errno, "%s: %s".formatted(Location.of(spec, slot), sentence));
  }
}
