package io.ebpf4j.object;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfExt.CoreKind;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.CoreRelocation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Adapts programs to the types of the kernel that loads them: CO-RE, by libbpf's rules. One
 * relocator serves one object and one kernel; it remembers which types of the kernel a type of the
 * object may stand for. Not thread safe.
 */
public final class CoreRelocator {
  /** What a poisoned instruction calls: no helper has this number (libbpf's choice). */
  public static final int POISON = 0xbad2310;

  private final Btf local;
  private final Btf target;
  private final CoreTypes types;
  private final Map<Integer, List<Integer>> candidates = new HashMap<>();

  /**
   * An adapted program.
   *
   * @param program the program, its relocations applied
   * @param poisoned by slot, what the kernel lacks: such an instruction calls a helper that does
   *     not exist, so that the program is refused only where it is reached
   */
  public record Relocated(ProgramSpec program, Map<Integer, String> poisoned) {
    /** Copies the map. */
    public Relocated {
      poisoned = Map.copyOf(poisoned);
    }
  }

  private record Decision(CoreValue compiled, CoreValue found, CoreAccess access) {}

  /**
   * A relocator.
   *
   * @param local the object's types
   * @param target the kernel's
   */
  public CoreRelocator(Btf local, Btf target) {
    this.local = local;
    this.target = target;
    this.types = new CoreTypes(local, target);
  }

  /**
   * Applies a program's relocations.
   *
   * @throws ObjectFormatException where the kernel's types give no single answer, or an instruction
   *     is none that can take it
   */
  public Relocated relocate(ProgramSpec program) {
    List<Instruction> instructions = new ArrayList<>(program.instructions());
    Map<Integer, String> poisoned = new TreeMap<>();
    for (int i = 0; i < program.coreRelocations().size(); i++) {
      CoreRelocation relocation = program.coreRelocations().get(i);
      try {
        CoreKind kind = kind(relocation.kind());
        Decision decision = decide(relocation, kind);
        Patch patch = new Patch(instructions, relocation.slot(), decision);
        Optional<String> reason = patch.apply();
        if (reason.isPresent()) {
          String lacks = "%s %s: %s".formatted(kind.name(), decision.access, reason.get());
          int slots = patch.poison(POISON + i);
          for (int slot = 0; slot < slots; slot++) {
            poisoned.put(relocation.slot() + slot, lacks);
          }
        }
      } catch (ObjectFormatException e) {
        throw new ObjectFormatException(
            "instruction %d of program %s: %s"
                .formatted(relocation.slot(), program.name(), e.getMessage()),
            e);
      }
    }
    return new Relocated(program.withInstructions(instructions), poisoned);
  }

  private static CoreKind kind(int number) {
    CoreKind[] kinds = CoreKind.values();
    if (number < 0 || number >= kinds.length) {
      throw new ObjectFormatException(
          "its CO-RE relocation has kind %d; kinds are 0 to %d"
              .formatted(number, kinds.length - 1));
    }
    return kinds[number];
  }

  private Decision decide(CoreRelocation relocation, CoreKind kind) {
    CoreAccess access = CoreAccess.parse(local, relocation.typeId(), relocation.access(), kind);
    CoreValue compiled = CoreValue.of(kind, Optional.of(access));
    if (kind == CoreKind.TYPE_ID_LOCAL) {
      return new Decision(compiled, compiled, access);
    }
    String name = local.type(relocation.typeId()).name();
    if (name.isEmpty()) {
      throw new ObjectFormatException(
          "the CO-RE relocation %s is of a type without a name, which cannot be found in a kernel"
              .formatted(kind.name()));
    }
    return new Decision(compiled, search(relocation.typeId(), access, kind), access);
  }

  private CoreValue search(int typeId, CoreAccess access, CoreKind kind) {
    List<Integer> fitting = new ArrayList<>();
    Optional<CoreAccess> first = Optional.empty();
    for (int candidate : candidates.computeIfAbsent(typeId, this::candidates)) {
      Optional<CoreAccess> found = access.in(target, candidate, kind, types);
      if (found.isEmpty()) {
        continue;
      }
      fitting.add(candidate);
      if (first.isEmpty()) {
        first = found;
      } else {
        checkAgree(kind, first.get(), found.get());
      }
    }
    if (!fitting.isEmpty()) {
      candidates.put(typeId, fitting);
    }
    return CoreValue.of(kind, first);
  }

  private static void checkAgree(CoreKind kind, CoreAccess first, CoreAccess other) {
    long value = CoreValue.of(kind, Optional.of(first)).number();
    long otherValue = CoreValue.of(kind, Optional.of(other)).number();
    if (first.bitOffset() != other.bitOffset() || value != otherValue) {
      throw new ObjectFormatException(
          "the CO-RE relocation %s is ambiguous: the kernel has type %d, %s, for which it is %d,"
                  .formatted(kind.name(), first.root(), first, value)
              + " and type %d, %s, for which it is %d".formatted(other.root(), other, otherValue));
    }
  }

  private List<Integer> candidates(int typeId) {
    BtfType type = local.type(typeId);
    return target.findEssential(Btf.essentialName(type.name())).stream()
        .filter(id -> CoreTypes.sameKind(type, target.type(id)))
        .toList();
  }

  /** Puts a value into an instruction. */
  private static final class Patch {
    private final List<Instruction> instructions;
    private final int slot;
    private final CoreValue compiled;
    private final CoreValue found;

    Patch(List<Instruction> instructions, int slot, Decision decision) {
      this.instructions = instructions;
      this.slot = slot;
      this.compiled = decision.compiled;
      this.found = decision.found;
    }

    /** Patches the instruction, or says why it is to be poisoned. */
    Optional<String> apply() {
      if (found.missing()) {
        return Optional.of("the kernel has no such field, type or enumerator");
      }
      Instruction instruction = instructions.get(slot);
      switch (instruction.instructionClass()) {
        case Isa.BPF_ALU, Isa.BPF_ALU64 -> {
          if ((instruction.opcode() & Isa.BPF_X) != 0) {
            throw unfit("an operation on two registers");
          }
          check(instruction.imm(), compiled.number() << Integer.SIZE >> Integer.SIZE);
          instructions.set(slot, instruction.withImm((int) found.number()));
        }
        case Isa.BPF_LDX, Isa.BPF_ST, Isa.BPF_STX -> {
          check(instruction.offset(), compiled.number());
          return patchAccess(instruction);
        }
        case Isa.BPF_LD -> patchWide(instruction);
        default -> throw unfit("a jump");
      }
      return Optional.empty();
    }

    /** Replaces the instruction, and gives how many slots it had. */
    int poison(int helper) {
      Instruction call = new Instruction(Isa.BPF_JMP | Isa.BPF_CALL, 0, 0, 0, helper);
      boolean wide = instructions.get(slot).isWide() && slot + 1 < instructions.size();
      if (wide) {
        instructions.set(slot + 1, call);
      }
      instructions.set(slot, call);
      return wide ? 2 : 1;
    }

    private Optional<String> patchAccess(Instruction instruction) {
      if (found.number() > Short.MAX_VALUE) {
        throw new ObjectFormatException(
            "the kernel's offset %d does not fit a load or store".formatted(found.number()));
      }
      boolean resized = compiled.accessSize() != found.accessSize();
      if (resized && !compiled.mayBeResizedTo(found)) {
        return Optional.of(
            "the kernel's field has %d bytes instead of %d and is no unsigned integer or pointer"
                .formatted(found.accessSize(), compiled.accessSize()));
      }
      int opcode = instruction.opcode();
      if (resized) {
        if (Isa.accessSize(opcode) != compiled.accessSize()) {
          throw new ObjectFormatException(
              "it moves %d bytes of a field that has %d"
                  .formatted(Isa.accessSize(opcode), compiled.accessSize()));
        }
        opcode = (opcode & ~Isa.BPF_DW) | sizeBits(found.accessSize());
      }
      instructions.set(
          slot,
          new Instruction(
              opcode,
              instruction.dst(),
              instruction.src(),
              (int) found.number(),
              instruction.imm()));
      return Optional.empty();
    }

    private void patchWide(Instruction instruction) {
      if (!instruction.isWide()
          || instruction.src() != 0
          || instruction.offset() != 0
          || slot + 1 >= instructions.size()) {
        throw unfit("a load that takes no value");
      }
      Instruction high = instructions.get(slot + 1);
      check((instruction.imm() & 0xffffffffL) | (long) high.imm() << 32, compiled.number());
      instructions.set(slot, instruction.withImm((int) found.number()));
      instructions.set(slot + 1, high.withImm((int) (found.number() >>> 32)));
    }

    private void check(long written, long expected) {
      if (compiled.certain() && written != expected) {
        throw new ObjectFormatException(
            "it holds %d where its CO-RE relocation says that the compiler wrote %d"
                .formatted(written, expected));
      }
    }

    private static int sizeBits(long bytes) {
      return switch ((int) bytes) {
        case 1 -> Isa.BPF_B;
        case 2 -> Isa.BPF_H;
        case 4 -> Isa.BPF_W;
        case 8 -> Isa.BPF_DW;
        default ->
            throw new ObjectFormatException(
                "a load or store cannot move the kernel's field of %d bytes".formatted(bytes));
      };
    }

    private static ObjectFormatException unfit(String what) {
      return new ObjectFormatException("a CO-RE relocation is at " + what);
    }
  }
}
