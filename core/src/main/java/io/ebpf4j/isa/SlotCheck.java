package io.ebpf4j.isa;

import io.ebpf4j.isa.InstructionCheck.Problem;
import io.ebpf4j.isa.InstructionCheck.Refusal;
import org.jspecify.annotations.Nullable;

/**
 * The rules of a single instruction with a known opcode, in the order in which Linux applies them.
 */
final class SlotCheck {
  private final Instruction instruction;
  private final int slot;
  private final int opcode;
  private final int operation;
  private final boolean register;

  SlotCheck(Instruction instruction, int slot) {
    this.instruction = instruction;
    this.slot = slot;
    this.opcode = instruction.opcode();
    this.operation = opcode & 0xf0;
    this.register = (opcode & Isa.BPF_X) != 0;
  }

  @Nullable Problem check() {
    return switch (instruction.instructionClass()) {
      case Isa.BPF_ALU, Isa.BPF_ALU64 -> arithmetic();
      case Isa.BPF_JMP, Isa.BPF_JMP32 -> jump();
      case Isa.BPF_LDX -> first(read(instruction.src()), written(instruction.dst()));
      case Isa.BPF_ST -> first(zero("BPF_ST", instruction.src(), 0, 0), read(instruction.dst()));
      case Isa.BPF_STX -> store();
      default -> load();
    };
  }

  private @Nullable Problem arithmetic() {
    return switch (operation) {
      case Isa.BPF_NEG ->
          first(
              zero("BPF_NEG", instruction.src(), instruction.offset(), instruction.imm()),
              read(instruction.dst()),
              written(instruction.dst()));
      case Isa.BPF_END ->
          first(
              zero("BPF_END", instruction.src(), instruction.offset(), 0),
              width(),
              read(instruction.dst()),
              written(instruction.dst()));
      case Isa.BPF_MOV -> first(move(), written(instruction.dst()));
      default -> binary();
    };
  }

  private @Nullable Problem width() {
    return switch (instruction.imm()) {
      case 16, 32, 64 -> null;
      default ->
          problem(
              "BPF_END uses reserved fields: the width is %d, it must be 16, 32 or 64"
                  .formatted(instruction.imm()));
    };
  }

  private @Nullable Problem move() {
    if (!register) {
      return zero("BPF_MOV", instruction.src(), instruction.offset(), 0);
    }
    boolean wide = instruction.instructionClass() == Isa.BPF_ALU64;
    int offset = instruction.offset();
    if (wide && offset == Isa.BPF_ADDR_SPACE_CAST) {
      int imm = instruction.imm();
      return imm == 1 || imm == 1 << 16
          ? read(instruction.src())
          : problem("addr_space_cast insn can only convert between address space 1 and 0");
    }
    if (offset != 0 && offset != 8 && offset != 16 && !(wide && offset == 32)) {
      return problem(
          "BPF_MOV uses reserved fields: the offset is %d, it must be 0 or the bits to extend"
              .formatted(offset));
    }
    return first(zero("BPF_MOV", 0, 0, instruction.imm()), read(instruction.src()));
  }

  private @Nullable Problem binary() {
    int offset = instruction.offset();
    boolean division = operation == Isa.BPF_DIV || operation == Isa.BPF_MOD;
    int reservedOffset = division && offset == 1 ? 0 : offset;
    int reservedSource = register ? 0 : instruction.src();
    int reservedImm = register ? instruction.imm() : 0;
    return first(
        zero("BPF_ALU", reservedSource, reservedOffset, reservedImm),
        register ? read(instruction.src()) : null,
        read(instruction.dst()),
        !register && division && instruction.imm() == 0 ? problem("div by zero") : null,
        register ? null : shift(),
        written(instruction.dst()));
  }

  private @Nullable Problem shift() {
    int bits = instruction.instructionClass() == Isa.BPF_ALU64 ? 64 : 32;
    int count = instruction.imm();
    return switch (operation) {
      case Isa.BPF_LSH, Isa.BPF_RSH, Isa.BPF_ARSH ->
          count < 0 || count >= bits
              ? problem("invalid shift %d: it must be 0 to %d".formatted(count, bits - 1))
              : null;
      default -> null;
    };
  }

  private @Nullable Problem jump() {
    int src = instruction.src();
    int dst = instruction.dst();
    int offset = instruction.offset();
    int imm = instruction.imm();
    switch (operation) {
      case Isa.BPF_CALL -> {
        if (src > Isa.BPF_PSEUDO_KFUNC_CALL) {
          return problem("BPF_CALL uses reserved fields: the source is %d".formatted(src));
        }
        int reservedOffset = src == Isa.BPF_PSEUDO_KFUNC_CALL ? 0 : offset;
        return first(zero("BPF_CALL", 0, reservedOffset, 0), zeroDst("BPF_CALL"));
      }
      case Isa.BPF_EXIT -> {
        return first(zero("BPF_EXIT", src, 0, imm), zeroDst("BPF_EXIT"));
      }
      case Isa.BPF_JA -> {
        boolean far = instruction.instructionClass() == Isa.BPF_JMP32;
        return first(zero("BPF_JA", src, far ? offset : 0, far ? 0 : imm), zeroDst("BPF_JA"));
      }
      case Isa.BPF_JCOND -> {
        return src == Isa.BPF_MAY_GOTO && dst == 0 && imm == 0
            ? null
            : problem(
                "invalid may_goto imm %d: source, destination and immediate must be 0"
                    .formatted(imm));
      }
      default -> {
        return first(
            read(dst),
            zero("BPF_JMP/JMP32", register ? 0 : src, 0, register ? imm : 0),
            register ? read(src) : null);
      }
    }
  }

  private @Nullable Problem store() {
    int mode = opcode & 0xe0;
    if (mode == Isa.BPF_MEM) {
      return first(
          zero("BPF_STX", 0, 0, instruction.imm()),
          read(instruction.src()),
          read(instruction.dst()));
    }
    int size = opcode & 0x18;
    switch (instruction.imm()) {
      case Isa.BPF_LOAD_ACQ -> {
        return first(read(instruction.src()), written(instruction.dst()));
      }
      case Isa.BPF_STORE_REL -> {
        return first(read(instruction.src()), read(instruction.dst()));
      }
      case Isa.BPF_ADD,
          Isa.BPF_AND,
          Isa.BPF_OR,
          Isa.BPF_XOR,
          Isa.BPF_ADD | Isa.BPF_FETCH,
          Isa.BPF_AND | Isa.BPF_FETCH,
          Isa.BPF_OR | Isa.BPF_FETCH,
          Isa.BPF_XOR | Isa.BPF_FETCH,
          Isa.BPF_XCHG,
          Isa.BPF_CMPXCHG -> {
        return first(
            size == Isa.BPF_W || size == Isa.BPF_DW
                ? null
                : problem("invalid atomic operand size: it must be u32 or u64"),
            read(instruction.src()),
            read(instruction.dst()),
            writesSource() ? written(instruction.src()) : null);
      }
      default -> {
        return problem("BPF_ATOMIC uses invalid atomic opcode %02x".formatted(instruction.imm()));
      }
    }
  }

  private boolean writesSource() {
    return (instruction.imm() & Isa.BPF_FETCH) != 0 && instruction.imm() != Isa.BPF_CMPXCHG;
  }

  private @Nullable Problem load() {
    if (instruction.isWide()) {
      return first(zero("BPF_LD_IMM64", 0, instruction.offset(), 0), written(instruction.dst()));
    }
    String name = "BPF_LD_[ABS|IND]";
    boolean indirect = (opcode & 0xe0) == Isa.BPF_IND;
    return first(
        zeroDst(name),
        zero(name, indirect ? 0 : instruction.src(), instruction.offset(), 0),
        indirect ? read(instruction.src()) : null);
  }

  private static @Nullable Problem first(@Nullable Problem... problems) {
    for (Problem problem : problems) {
      if (problem != null) {
        return problem;
      }
    }
    return null;
  }

  private @Nullable Problem zero(String name, int src, int offset, int imm) {
    if (src == 0 && offset == 0 && imm == 0) {
      return null;
    }
    String field =
        src != 0 ? "source is " + src : offset != 0 ? "offset is " + offset : "immediate is " + imm;
    return problem("%s uses reserved fields: the %s, it must be 0".formatted(name, field));
  }

  private @Nullable Problem zeroDst(String name) {
    int dst = instruction.dst();
    return dst == 0
        ? null
        : problem(
            "%s uses reserved fields: the destination is %d, it must be 0".formatted(name, dst));
  }

  private @Nullable Problem read(int number) {
    return number < Isa.REGISTERS
        ? null
        : problem("R%d is invalid: registers are 0 to 10".formatted(number));
  }

  private @Nullable Problem written(int number) {
    if (number == Isa.FRAME_POINTER) {
      String message = "frame pointer is read only: r10 cannot be written";
      return new Problem(slot, message, Refusal.FRAME_POINTER_WRITTEN);
    }
    return read(number);
  }

  private Problem problem(String message) {
    return new Problem(slot, message, Refusal.MALFORMED);
  }
}
