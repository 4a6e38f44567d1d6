package io.ebpf4j.jvm.interpreter;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.BpfException;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.btf.BtfType.Linkage;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.FunctionPointer;
import io.ebpf4j.jvm.helper.KfuncPrototype;
import io.ebpf4j.jvm.helper.KfuncTable;
import io.ebpf4j.jvm.interpreter.Code.HelperFinder;
import io.ebpf4j.jvm.interpreter.Code.Refusal;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns instructions into the interpreter's slots: the same slots in the same layout, with an
 * opcode or an {@link Op} that says everything, and a jump's distance where one operation looks for
 * it. Whatever it is given it refuses or decodes into slots that cannot leave the program.
 */
final class Decoder {
  private final ProgramSpec spec;
  private final List<Instruction> instructions;
  private final Map<Integer, Refusal> refusedSlots;
  private final HelperFinder helperFinder;
  private final KfuncTable kfuncTable;
  private final BitSet secondHalves = new BitSet();
  private final BitSet globalFunctions = new BitSet();
  private final List<HelperCall> helpers = new ArrayList<>();
  private final Map<Integer, Integer> helperIndexes = new HashMap<>();
  private final List<KfuncCall> kfuncs = new ArrayList<>();
  private final Map<Integer, Integer> kfuncIndexes = new HashMap<>();
  private final List<Refusal> refusals = new ArrayList<>();

  Decoder(Code.Source source) {
    this.spec = source.spec();
    this.instructions = source.instructions();
    this.refusedSlots = source.refused();
    this.helperFinder = source.helpers();
    this.kfuncTable = source.kfuncs();
  }

  /**
   * Decodes all slots, and an exit behind them.
   *
   * @throws BpfException EINVAL where an instruction is malformed
   */
  long[] slots() {
    if (instructions.isEmpty()) {
      throw new BpfException(Errno.EINVAL, "program " + spec.name() + " has no instructions");
    }
    findSecondHalves();
    findGlobalFunctions();
    int count = instructions.size();
    long[] slots = new long[count + 1];
    for (int slot = 0; slot < count; slot++) {
      if (secondHalves.get(slot)) {
        slots[slot] = secondHalf(slot);
      } else {
        slots[slot] = decode(slot, instructions.get(slot));
      }
    }
    Instruction last = instructions.get(count - 1);
    boolean leaves =
        !secondHalves.get(count - 1)
            && (last.opcode() == (BPF_JMP | BPF_EXIT)
                || last.opcode() == (BPF_JMP | BPF_JA)
                || last.opcode() == (BPF_JMP32 | BPF_JA));
    if (!leaves) {
      throw malformed(count - 1, "the program goes on past its last instruction");
    }
    slots[count] = BPF_JMP | BPF_EXIT;
    return slots;
  }

  /** The helpers that the slots call by index; after {@link #slots}. */
  HelperCall[] helpers() {
    return helpers.toArray(HelperCall[]::new);
  }

  /** The kernel functions that the slots call by index; after {@link #slots}. */
  KfuncCall[] kfuncs() {
    return kfuncs.toArray(KfuncCall[]::new);
  }

  /** Why slots are refused, by index; after {@link #slots}. */
  List<Refusal> refusals() {
    return List.copyOf(refusals);
  }

  private void findSecondHalves() {
    for (int slot = 0; slot < instructions.size(); slot++) {
      if (instructions.get(slot).isWide()) {
        if (++slot == instructions.size()) {
          throw malformed(slot - 1, "the program ends in the middle of this wide instruction");
        }
        secondHalves.set(slot);
      }
    }
  }

  private void findGlobalFunctions() {
    Btf btf = spec.btf();
    for (ProgramSpec.FunctionInfo function : spec.functions()) {
      if (btf != null
          && function.typeId() > 0
          && function.typeId() < btf.size()
          && btf.type(function.typeId()) instanceof BtfType.Function type
          && type.linkage() == Linkage.GLOBAL) {
        globalFunctions.set(function.slot());
      }
    }
  }

  private long decode(int slot, Instruction i) {
    Refusal refusal = refusedSlots.get(slot);
    if (refusal != null) {
      return refused(refusal);
    }
    if (i.dst() >= REGISTERS || i.src() >= REGISTERS) {
      throw malformed(slot, "register r%d does not exist".formatted(Math.max(i.dst(), i.src())));
    }
    return switch (i.instructionClass()) {
      case BPF_ALU, BPF_ALU64 -> arithmetic(slot, i);
      case BPF_LD -> special(slot, i);
      case BPF_LDX -> load(slot, i);
      case BPF_ST -> store(slot, i);
      case BPF_STX -> storeRegister(slot, i);
      default -> jump(slot, i);
    };
  }

  private long arithmetic(int slot, Instruction i) {
    checkWrites(slot, i.dst());
    boolean wide = i.instructionClass() == BPF_ALU64;
    boolean register = (i.opcode() & BPF_X) != 0;
    int operation = i.opcode() & 0xf0;
    int op =
        switch (operation) {
          case BPF_DIV, BPF_MOD -> division(slot, i, operation == BPF_DIV, wide, register);
          case BPF_MOV -> register ? move(slot, i, wide) : plain(slot, i);
          case BPF_END -> byteOrder(slot, i, wide, register);
          case 0xe0, 0xf0 -> throw unknown(slot, i);
          case BPF_NEG -> {
            if (register) {
              throw unknown(slot, i);
            }
            yield plain(slot, i);
          }
          default -> plain(slot, i);
        };
    return with(op, i);
  }

  private int plain(int slot, Instruction i) {
    if (i.offset() != 0) {
      throw malformed(slot, "offset %d has no meaning here".formatted(i.offset()));
    }
    return i.opcode();
  }

  private int division(int slot, Instruction i, boolean divide, boolean wide, boolean register) {
    if (i.offset() != 1) {
      return plain(slot, i);
    }
    if (divide) {
      return wide ? register ? Op.SDIV64_X : Op.SDIV64_K : register ? Op.SDIV32_X : Op.SDIV32_K;
    }
    return wide ? register ? Op.SMOD64_X : Op.SMOD64_K : register ? Op.SMOD32_X : Op.SMOD32_K;
  }

  private int move(int slot, Instruction i, boolean wide) {
    return switch (i.offset()) {
      case 8 -> wide ? Op.MOVSX64_8 : Op.MOVSX32_8;
      case 16 -> wide ? Op.MOVSX64_16 : Op.MOVSX32_16;
      case 32 -> wide ? Op.MOVSX64_32 : plain(slot, i);
      default -> plain(slot, i);
    };
  }

  private int byteOrder(int slot, Instruction i, boolean swap, boolean big) {
    if (swap && big) {
      throw unknown(slot, i);
    }
    boolean swaps = swap || big;
    return switch (i.imm()) {
      case 16 -> swaps ? Op.SWAP16 : Op.CUT16;
      case 32 -> swaps ? Op.SWAP32 : Op.CUT32;
      case 64 -> swaps ? Op.SWAP64 : Op.NOTHING;
      default -> throw malformed(slot, "a byte swap is of 16, 32 or 64 bits, not " + i.imm());
    };
  }

  private long special(int slot, Instruction i) {
    if (i.isWide()) {
      checkWrites(slot, i.dst());
      return switch (i.src()) {
        case 0 -> with(i.opcode(), i);
        case BPF_PSEUDO_BTF_ID -> with(i.opcode(), i.withSrc(0));
        case BPF_PSEUDO_FUNC -> functionPointer(slot, i);
        default -> throw malformed(slot, "a wide immediate of kind %d is left".formatted(i.src()));
      };
    }
    int mode = i.opcode() & 0xe0;
    if (mode != BPF_ABS && mode != BPF_IND || accessSize(i.opcode()) == Long.BYTES) {
      throw unknown(slot, i);
    }
    return with(i.opcode(), i);
  }

  private long functionPointer(int slot, Instruction i) {
    int target = target(slot, i.imm());
    if (instructions.get(slot + 1).imm() != 0) {
      throw malformed(slot, "a function pointer's second half is not zero");
    }
    return i.opcode() | (long) i.dst() << 8 | FunctionPointer.of(target) << Integer.SIZE;
  }

  private long secondHalf(int slot) {
    return instructions.get(slot - 1).src() == BPF_PSEUDO_FUNC
        ? FunctionPointer.BASE & 0xffff_ffff_0000_0000L
        : (long) instructions.get(slot).imm() << Integer.SIZE;
  }

  private long load(int slot, Instruction i) {
    checkWrites(slot, i.dst());
    int mode = i.opcode() & 0xe0;
    if (mode != BPF_MEM && (mode != BPF_MEMSX || accessSize(i.opcode()) == Long.BYTES)) {
      throw unknown(slot, i);
    }
    return i.src() == FRAME_POINTER
        ? throughFrame(i, "read", mode == BPF_MEM)
        : with(i.opcode(), i);
  }

  private long store(int slot, Instruction i) {
    if ((i.opcode() & 0xe0) != BPF_MEM) {
      throw unknown(slot, i);
    }
    return i.dst() == FRAME_POINTER ? throughFrame(i, "write", true) : with(i.opcode(), i);
  }

  private long storeRegister(int slot, Instruction i) {
    return switch (i.opcode() & 0xe0) {
      case BPF_MEM -> store(slot, i);
      case BPF_ATOMIC -> {
        if (!atomicKnown(i)) {
          throw malformed(
              slot,
              "atomic operation 0x%x of %d bytes is unknown"
                  .formatted(i.imm(), accessSize(i.opcode())));
        }
        if (i.imm() == BPF_LOAD_ACQ) {
          checkWrites(slot, i.dst());
        } else if ((i.imm() & BPF_FETCH) != 0) {
          checkWrites(slot, i.src());
        }
        yield with(i.opcode(), i);
      }
      default -> throw unknown(slot, i);
    };
  }

  private static boolean atomicKnown(Instruction i) {
    boolean word = accessSize(i.opcode()) >= Integer.BYTES;
    return switch (i.imm()) {
      case BPF_LOAD_ACQ, BPF_STORE_REL -> true;
      case BPF_XCHG, BPF_CMPXCHG -> word;
      default ->
          switch (i.imm() & ~BPF_FETCH) {
            case BPF_ADD, BPF_OR, BPF_AND, BPF_XOR -> word;
            default -> false;
          };
    };
  }

  /** An access of the function's own frame, whose place is known now. */
  private long throughFrame(Instruction i, String verb, boolean known) {
    int size = accessSize(i.opcode());
    int past = i.offset() + size;
    if (i.offset() < -Cpu.FRAME_BYTES || past > 0) {
      String where =
          past > 0
              ? i.offset() >= 0
                  ? i.offset() + " bytes past the end of the stack frame"
                  : "its last " + past + " bytes lie past the end of the stack frame"
              : "it begins %d bytes before the stack frame"
                  .formatted(-Cpu.FRAME_BYTES - i.offset());
      return refused(
          new Refusal(
              Errno.EFAULT,
              "may not %s %d bytes at r10%+d: %s".formatted(verb, size, i.offset(), where)));
    }
    return known ? with(i.opcode() & ~BPF_MEM, i) : with(i.opcode(), i);
  }

  private long jump(int slot, Instruction i) {
    boolean wide = i.instructionClass() == BPF_JMP;
    boolean register = (i.opcode() & BPF_X) != 0;
    return switch (i.opcode() & 0xf0) {
      case BPF_JA -> {
        if (register) {
          throw unknown(slot, i);
        }
        int distance = wide ? i.offset() : i.imm();
        target(slot, distance);
        yield BPF_JMP | BPF_JA | (long) distance << Integer.SIZE;
      }
      case BPF_CALL -> {
        if (!wide) {
          throw unknown(slot, i);
        }
        yield register ? with(Op.CALL_BY_REGISTER, i) : call(slot, i);
      }
      case BPF_EXIT -> {
        if (register || !wide) {
          throw unknown(slot, i);
        }
        yield i.opcode();
      }
      case BPF_JCOND -> {
        if (register || !wide) {
          throw unknown(slot, i);
        }
        target(slot, i.offset());
        yield with(i.opcode(), i);
      }
      case 0xf0 -> throw unknown(slot, i);
      default -> {
        target(slot, i.offset());
        yield with(i.opcode(), i);
      }
    };
  }

  private long call(int slot, Instruction i) {
    return switch (i.src()) {
      case 0 -> Op.CALL_HELPER | (long) helperIndex(slot, i.imm()) << Integer.SIZE;
      case BPF_PSEUDO_KFUNC_CALL -> Op.CALL_KFUNC | (long) kfuncIndex(slot, i) << Integer.SIZE;
      case BPF_PSEUDO_CALL -> {
        int target = target(slot, i.imm());
        int op = globalFunctions.get(target) ? Op.CALL_GLOBAL_FUNCTION : Op.CALL_FUNCTION;
        yield op | (long) i.imm() << Integer.SIZE;
      }
      default -> throw malformed(slot, "calls of kind %d are unknown".formatted(i.src()));
    };
  }

  private int helperIndex(int slot, int id) {
    return helperIndexes.computeIfAbsent(
        id,
        number -> {
          helpers.add(new HelperCall(helperFinder.find(slot, number)));
          return helpers.size() - 1;
        });
  }

  private int kfuncIndex(int slot, Instruction call) {
    KfuncPrototype kfunc =
        kfuncTable
            .find(call.imm(), spec.type())
            .orElseThrow(() ->
                new BpfException(
                    Errno.EACCES,
                    "%s: kernel function %s is not for programs of type %s"
                        .formatted(
                            Location.of(spec, slot),
                            kfuncTable.find(call.imm()).map(KfuncPrototype::name).orElse("?"),
                            spec.type().label())));
    return kfuncIndexes.computeIfAbsent(
        kfunc.id(),
        _ -> {
          kfuncs.add(new KfuncCall(kfunc));
          return kfuncs.size() - 1;
        });
  }

  private int target(int slot, int distance) {
    long target = slot + 1L + distance;
    if (target < 0 || target >= instructions.size()) {
      throw malformed(slot, "it goes to slot %d, out of the program".formatted(target));
    }
    if (secondHalves.get((int) target)) {
      throw malformed(slot, "it goes into the middle of a wide instruction");
    }
    return (int) target;
  }

  private void checkWrites(int slot, int register) {
    if (register == FRAME_POINTER) {
      throw malformed(slot, "it writes the frame pointer r10, which is read only");
    }
  }

  private long refused(Refusal refusal) {
    refusals.add(refusal);
    return Op.REFUSED | (long) (refusals.size() - 1) << Integer.SIZE;
  }

  private static long with(int op, Instruction i) {
    return i.toLong() & ~0xffL | op;
  }

  private BpfException unknown(int slot, Instruction i) {
    return malformed(slot, "opcode 0x%02x is unknown".formatted(i.opcode()));
  }

  private BpfException malformed(int slot, String sentence) {
    return new BpfException(Errno.EINVAL, "%s: %s".formatted(Location.of(spec, slot), sentence));
  }
}
