package io.ebpf4j.isa;

import static io.ebpf4j.isa.Isa.*;

import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether a program is well formed, before anybody asks what it does: known opcodes, registers in
 * range, reserved fields zero, jumps that stay within their function and hit no second half of a
 * wide instruction (RFC 9669; Linux refuses the same). What passes can be run or verified without
 * looking at these again.
 */
public final class InstructionCheck {
  /** Linux's limit of slots. */
  public static final int MAX_SLOTS = 1_000_000;

  private final List<Instruction> program;
  private final BitSet secondHalves = new BitSet();
  private final BitSet functionStarts = new BitSet();

  private InstructionCheck(List<Instruction> program) {
    this.program = program;
  }

  /** What is wrong, in one sentence, and at which slot. */
  public record Problem(int slot, String sentence) {}

  /** The first problem of a program, or empty where it is well formed. */
  public static Optional<Problem> check(List<Instruction> program) {
    if (program.isEmpty() || program.size() > MAX_SLOTS) {
      return Optional.of(
          new Problem(
              0, "a program has 1 to %d slots, this has %d".formatted(MAX_SLOTS, program.size())));
    }
    return Optional.ofNullable(new InstructionCheck(program).first());
  }

  private @Nullable Problem first() {
    for (int slot = 0; slot < program.size(); slot++) {
      Instruction instruction = program.get(slot);
      String sentence = fields(instruction, slot);
      if (sentence != null) {
        return new Problem(slot, sentence);
      }
      if (instruction.isWide()) {
        secondHalves.set(++slot);
      }
    }
    functionStarts.set(0);
    for (int slot = 0; slot < program.size(); slot++) {
      String sentence = secondHalves.get(slot) ? null : function(slot);
      if (sentence != null) {
        return new Problem(slot, sentence);
      }
    }
    return flow();
  }

  private @Nullable Problem flow() {
    int start = 0;
    while (start < program.size()) {
      int next = functionStarts.nextSetBit(start + 1);
      int end = next < 0 ? program.size() : next;
      for (int slot = start; slot < end; slot++) {
        String sentence = secondHalves.get(slot) ? null : jump(slot, start, end);
        if (sentence != null) {
          return new Problem(slot, sentence);
        }
      }
      if (secondHalves.get(end - 1) || !leaves(program.get(end - 1))) {
        return new Problem(
            end - 1, "the last instruction of a function is neither an exit nor a jump");
      }
      start = end;
    }
    return null;
  }

  private static boolean leaves(Instruction last) {
    return last.opcode() == (BPF_JMP | BPF_EXIT)
        || last.opcode() == (BPF_JMP | BPF_JA)
        || last.opcode() == (BPF_JMP32 | BPF_JA);
  }

  private @Nullable String function(int slot) {
    Instruction i = program.get(slot);
    boolean call = i.opcode() == (BPF_JMP | BPF_CALL) && i.src() == BPF_PSEUDO_CALL;
    boolean pointer = i.isWide() && i.src() == BPF_PSEUDO_FUNC;
    if (!call && !pointer) {
      return null;
    }
    long target = slot + 1L + i.imm();
    if (target < 0 || target >= program.size() || secondHalves.get((int) target)) {
      return "it refers to a function at slot %d, where none can begin".formatted(target);
    }
    functionStarts.set((int) target);
    return null;
  }

  private @Nullable String jump(int slot, int start, int end) {
    Instruction i = program.get(slot);
    int type = i.instructionClass();
    int operation = i.opcode() & 0xf0;
    if (type != BPF_JMP && type != BPF_JMP32 || operation == BPF_CALL || operation == BPF_EXIT) {
      return null;
    }
    boolean far = type == BPF_JMP32 && operation == BPF_JA;
    long target = slot + 1L + (far ? i.imm() : i.offset());
    if (target < start || target >= end) {
      return "it jumps to slot %d, out of its function's range %d to %d"
          .formatted(target, start, end - 1);
    }
    return secondHalves.get((int) target)
        ? "it jumps into the middle of the wide instruction at slot " + (target - 1)
        : null;
  }

  private @Nullable String fields(Instruction i, int slot) {
    if (i.dst() > FRAME_POINTER || i.src() > FRAME_POINTER) {
      return "register r%d does not exist".formatted(Math.max(i.dst(), i.src()));
    }
    return switch (i.instructionClass()) {
      case BPF_ALU, BPF_ALU64 -> arithmetic(i);
      case BPF_LDX -> load(i);
      case BPF_ST ->
          (i.opcode() & 0xe0) != BPF_MEM ? unknown(i) : i.src() != 0 ? reserved("source") : null;
      case BPF_STX -> store(i);
      case BPF_LD -> special(i, slot);
      default -> jumpFields(i);
    };
  }

  private static String unknown(Instruction i) {
    return "opcode %#04x is unknown".formatted(i.opcode());
  }

  private static String reserved(String field) {
    return "its " + field + " is reserved and must be zero";
  }

  private static @Nullable String arithmetic(Instruction i) {
    int operation = i.opcode() & 0xf0;
    boolean register = (i.opcode() & BPF_X) != 0;
    boolean wide = i.instructionClass() == BPF_ALU64;
    if (operation > BPF_END || register && (operation == BPF_NEG || operation == BPF_END && wide)) {
      return unknown(i);
    }
    if (i.dst() == FRAME_POINTER) {
      return "it writes the frame pointer r10, which is read only";
    }
    if (operation == BPF_END) {
      return i.src() != 0
          ? reserved("source")
          : i.offset() != 0
              ? reserved("offset")
              : i.imm() != 16 && i.imm() != 32 && i.imm() != 64
                  ? "a byte swap is of 16, 32 or 64 bits, not " + i.imm()
                  : null;
    }
    if (!register && i.src() != 0) {
      return reserved("source");
    }
    if ((register || operation == BPF_NEG) && i.imm() != 0) {
      return reserved("immediate");
    }
    return operation == BPF_NEG || !offsetAllowed(i, operation, register, wide)
        ? i.offset() != 0 ? reserved("offset") : null
        : constant(i, operation, register, wide);
  }

  private static boolean offsetAllowed(
      Instruction i, int operation, boolean register, boolean wide) {
    int offset = i.offset();
    return switch (operation) {
      case BPF_MOV -> offset == 0 || register && signExtends(offset, wide);
      case BPF_DIV, BPF_MOD -> offset == 0 || offset == 1;
      default -> offset == 0;
    };
  }

  private static boolean signExtends(int offset, boolean wide) {
    return offset == 8 || offset == 16 || wide && offset == 32;
  }

  private static @Nullable String constant(
      Instruction i, int operation, boolean register, boolean wide) {
    if (register) {
      return null;
    }
    return switch (operation) {
      case BPF_DIV, BPF_MOD -> i.imm() == 0 ? "it divides by the constant zero" : null;
      case BPF_LSH, BPF_RSH, BPF_ARSH ->
          i.imm() < 0 || i.imm() >= (wide ? 64 : 32) ? "it shifts by " + i.imm() + " bits" : null;
      default -> null;
    };
  }

  private static @Nullable String load(Instruction i) {
    int mode = i.opcode() & 0xe0;
    boolean known = mode == BPF_MEM || mode == BPF_MEMSX && accessSize(i.opcode()) < 8;
    return !known
        ? unknown(i)
        : i.imm() != 0
            ? reserved("immediate")
            : i.dst() == FRAME_POINTER
                ? "it writes the frame pointer r10, which is read only"
                : null;
  }

  private static @Nullable String store(Instruction i) {
    return switch (i.opcode() & 0xe0) {
      case BPF_MEM -> i.imm() != 0 ? reserved("immediate") : null;
      case BPF_ATOMIC ->
          atomicKnown(i)
              ? null
              : "atomic operation %#x of %d bytes is unknown"
                  .formatted(i.imm(), accessSize(i.opcode()));
      default -> unknown(i);
    };
  }

  private static boolean atomicKnown(Instruction i) {
    return switch (i.imm()) {
      case BPF_LOAD_ACQ, BPF_STORE_REL -> true;
      case BPF_XCHG, BPF_CMPXCHG -> accessSize(i.opcode()) >= 4;
      default ->
          switch (i.imm() & ~BPF_FETCH) {
            case BPF_ADD, BPF_OR, BPF_AND, BPF_XOR -> accessSize(i.opcode()) >= 4;
            default -> false;
          };
    };
  }

  private @Nullable String special(Instruction i, int slot) {
    int mode = i.opcode() & 0xe0;
    if (mode == BPF_IMM) {
      return i.isWide() ? wide(i, slot) : unknown(i);
    }
    if (mode != BPF_ABS && mode != BPF_IND || accessSize(i.opcode()) == 8) {
      return unknown(i);
    }
    return i.dst() != 0
        ? reserved("destination")
        : i.offset() != 0
            ? reserved("offset")
            : mode == BPF_ABS && i.src() != 0 ? reserved("source") : null;
  }

  private @Nullable String wide(Instruction i, int slot) {
    if (slot + 1 == program.size()) {
      return "the program ends in the middle of this wide instruction";
    }
    Instruction second = program.get(slot + 1);
    if (second.opcode() != 0 || second.dst() != 0 || second.src() != 0 || second.offset() != 0) {
      return "the second half of this wide instruction has more than an immediate";
    }
    return i.offset() != 0
        ? reserved("offset")
        : i.src() > BPF_PSEUDO_MAP_IDX_VALUE
            ? "wide immediates of kind %d are unknown".formatted(i.src())
            : i.dst() == FRAME_POINTER
                ? "it writes the frame pointer r10, which is read only"
                : null;
  }

  private static @Nullable String jumpFields(Instruction i) {
    boolean register = (i.opcode() & BPF_X) != 0;
    boolean wide = i.instructionClass() == BPF_JMP;
    return switch (i.opcode() & 0xf0) {
      case BPF_JA ->
          register
              ? unknown(i)
              : i.dst() != 0 || i.src() != 0 || (wide ? i.imm() : i.offset()) != 0
                  ? reserved(wide ? "register or immediate" : "register or offset")
                  : null;
      case BPF_JCOND ->
          register || !wide
              ? unknown(i)
              : i.dst() != 0 || i.src() != 0 || i.imm() != 0
                  ? reserved("register or immediate")
                  : null;
      case BPF_EXIT ->
          register || !wide
              ? unknown(i)
              : i.dst() != 0 || i.src() != 0 || i.imm() != 0 || i.offset() != 0
                  ? reserved("register, offset or immediate")
                  : null;
      case BPF_CALL -> register || !wide ? unknown(i) : call(i);
      case 0xf0 -> unknown(i);
      default ->
          register
              ? i.imm() != 0 ? reserved("immediate") : null
              : i.src() != 0 ? reserved("source") : null;
    };
  }

  private static @Nullable String call(Instruction i) {
    if (i.src() > BPF_PSEUDO_KFUNC_CALL) {
      return "calls of kind %d are unknown".formatted(i.src());
    }
    boolean offset = i.offset() != 0 && i.src() != BPF_PSEUDO_KFUNC_CALL;
    return i.dst() != 0 ? reserved("destination") : offset ? reserved("offset") : null;
  }
}
