package io.ebpf4j.isa;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Instructions to text, in the notation of the Linux verifier's log and of {@code bpftool prog dump
 * xlated}: {@code (b7) r0 = 2}, {@code (61) r2 = *(u32 *)(r1 +0)}.
 *
 * <p>The text shows only the fields that an instruction uses; what {@link InstructionCheck} accepts
 * is given back whole by the {@link Assembler}, with these exceptions: the unused offset of {@code
 * exit}, the second immediate of a function's address, the BTF offset of a kernel function call,
 * and a number for which a name was given.
 *
 * <p>Where neither the log nor bpftool ever shows a form, this class has its own: an opcode outside
 * the instruction set is {@code (0d) unknown 0x…} with the slot's eight bytes as one number, a call
 * through a register {@code (8d) callx r1}, a map by index {@code map[idx:2]} (its value {@code
 * map[idx:2]+8}), a BTF variable {@code btf[id:7]}, in a module's BTF {@code btf[id:7,fd:3]}.
 *
 * <p>Immutable; may be used by any thread where its names may.
 */
public final class Disassembler {
  private static final String UNKNOWN_ATOMIC = "BUG_";

  private final InstructionNames names;

  /** A disassembler that names helpers, maps and functions so. */
  public Disassembler(InstructionNames names) {
    this.names = names;
  }

  /** One line for each instruction: {@code " 0: (b7) r0 = 2"}. A wide one is one line. */
  public List<String> lines(List<Instruction> program) {
    List<String> lines = new ArrayList<>();
    for (int slot = 0; slot < program.size(); slot++) {
      lines.add("%4d: %s".formatted(slot, line(program, slot)));
      slot += isCompleteWide(program, slot) ? 1 : 0;
    }
    return lines;
  }

  private static boolean isCompleteWide(List<Instruction> program, int slot) {
    return program.get(slot).isWide() && slot + 1 < program.size();
  }

  /**
   * The instruction at a slot with its opcode before it: {@code (b7) r0 = 2}.
   *
   * @throws IndexOutOfBoundsException where the program has no such slot
   */
  public String line(List<Instruction> program, int slot) {
    String text = text(program, slot);
    // The kernel's own text for an atomic operation that it does not know has no opcode before it.
    return text.startsWith(UNKNOWN_ATOMIC)
        ? text
        : "(%02x) %s".formatted(program.get(slot).opcode(), text);
  }

  /**
   * The instruction at a slot: {@code r0 = 2}.
   *
   * @throws IndexOutOfBoundsException where the program has no such slot
   */
  public String text(List<Instruction> program, int slot) {
    Instruction instruction = program.get(slot);
    String text =
        switch (instruction.instructionClass()) {
          case Isa.BPF_ALU, Isa.BPF_ALU64 -> arithmetic(instruction);
          case Isa.BPF_JMP, Isa.BPF_JMP32 -> jump(slot, instruction);
          case Isa.BPF_LDX -> load(instruction);
          case Isa.BPF_ST -> storeImmediate(instruction);
          case Isa.BPF_STX -> storeRegister(instruction);
          default ->
              isCompleteWide(program, slot)
                  ? wideLoad(slot, instruction, program.get(slot + 1).imm())
                  : packetLoad(instruction);
        };
    return text == null ? "unknown 0x%016x".formatted(instruction.toLong()) : text;
  }

  private static @Nullable String arithmetic(Instruction instruction) {
    if (!Isa.isKnownOpcode(instruction.opcode())) {
      return null;
    }
    int opcode = instruction.opcode();
    boolean is64 = instruction.instructionClass() == Isa.BPF_ALU64;
    String dst = (is64 ? "r" : "w") + instruction.dst();
    String src = (is64 ? "r" : "w") + instruction.src();
    switch (opcode & 0xf0) {
      case Isa.BPF_NEG -> {
        return dst + " = -" + dst;
      }
      case Isa.BPF_END -> {
        String operation = is64 ? "bswap" : (opcode & Isa.BPF_TO_BE) != 0 ? "be" : "le";
        return "r%d = %s%d r%1$d".formatted(instruction.dst(), operation, instruction.imm());
      }
      default -> {}
    }
    String operator = Notation.alu(opcode, instruction.offset());
    if ((opcode & Isa.BPF_X) == 0) {
      return dst + " " + operator + " " + instruction.imm();
    }
    if ((opcode & 0xf0) != Isa.BPF_MOV) {
      return dst + " " + operator + " " + src;
    }
    return switch (instruction.offset()) {
      case 8, 16, 32 -> "%s = (s%d)%s".formatted(dst, instruction.offset(), src);
      case Isa.BPF_ADDR_SPACE_CAST ->
          is64
              ? "%s = addr_space_cast(%s, %d, %d)"
                  .formatted(dst, src, instruction.imm() >>> 16, instruction.imm() & 0xffff)
              : dst + " = " + src;
      case Isa.BPF_ADDR_PERCPU ->
          is64 ? "%s = &(void __percpu *)(%s)".formatted(dst, src) : dst + " = " + src;
      default -> dst + " = " + src;
    };
  }

  private @Nullable String jump(int slot, Instruction instruction) {
    int opcode = instruction.opcode();
    if (opcode == Isa.CALLX) {
      return "callx r" + instruction.dst();
    }
    if (!Isa.isKnownOpcode(opcode)) {
      return null;
    }
    boolean is64 = instruction.instructionClass() == Isa.BPF_JMP;
    return switch (opcode & 0xf0) {
      case Isa.BPF_CALL -> call(slot, instruction);
      case Isa.BPF_EXIT -> "exit";
      case Isa.BPF_JA ->
          is64
              ? "goto pc%+d".formatted(instruction.offset())
              : "gotol pc%+d".formatted(instruction.imm());
      case Isa.BPF_JCOND ->
          instruction.src() == Isa.BPF_MAY_GOTO
              ? "may_goto pc%+d".formatted(instruction.offset())
              : conditionalJump(instruction, "(null)");
      default -> conditionalJump(instruction, Notation.jump(opcode));
    };
  }

  private static String conditionalJump(Instruction instruction, String comparison) {
    char register = instruction.instructionClass() == Isa.BPF_JMP ? 'r' : 'w';
    String operand =
        (instruction.opcode() & Isa.BPF_X) != 0
            ? "" + register + instruction.src()
            : "0x" + Integer.toHexString(instruction.imm());
    return "if %c%d %s %s goto pc%+d"
        .formatted(register, instruction.dst(), comparison, operand, instruction.offset());
  }

  private String call(int slot, Instruction instruction) {
    int imm = instruction.imm();
    return switch (instruction.src()) {
      case 0 -> "call " + names.helper(imm);
      case Isa.BPF_PSEUDO_CALL -> "call " + names.function(slot + 1 + imm, imm);
      case Isa.BPF_PSEUDO_KFUNC_CALL -> "call " + names.kernelFunction(imm);
      default -> "call unknown#" + imm;
    };
  }

  private static @Nullable String load(Instruction instruction) {
    if (!Isa.isKnownOpcode(instruction.opcode())) {
      return null;
    }
    return "r%d = %s".formatted(instruction.dst(), memory(instruction, instruction.src()));
  }

  private static @Nullable String storeImmediate(Instruction instruction) {
    if (instruction.opcode() == Isa.NOSPEC) {
      return "nospec";
    }
    if (!Isa.isKnownOpcode(instruction.opcode())) {
      return null;
    }
    return memory(instruction, instruction.dst()) + " = " + instruction.imm();
  }

  private static @Nullable String storeRegister(Instruction instruction) {
    int opcode = instruction.opcode();
    if (!Isa.isKnownOpcode(opcode)) {
      return null;
    }
    if ((opcode & 0xe0) == Isa.BPF_MEM) {
      return memory(instruction, instruction.dst()) + " = r" + instruction.src();
    }
    String place = pointer(instruction, instruction.dst());
    String wide = (opcode & 0x18) == Isa.BPF_DW ? "64" : "";
    int src = instruction.src();
    int imm = instruction.imm();
    return switch (imm) {
      case Isa.BPF_ADD, Isa.BPF_AND, Isa.BPF_OR, Isa.BPF_XOR ->
          "lock *%s %s r%d".formatted(place, Notation.alu(imm, 0), src);
      case Isa.BPF_ADD | Isa.BPF_FETCH -> fetch(src, wide, "fetch_add", place);
      case Isa.BPF_AND | Isa.BPF_FETCH -> fetch(src, wide, "fetch_and", place);
      case Isa.BPF_OR | Isa.BPF_FETCH -> fetch(src, wide, "fetch_or", place);
      case Isa.BPF_XOR | Isa.BPF_FETCH -> fetch(src, wide, "fetch_xor", place);
      case Isa.BPF_XCHG -> fetch(src, wide, "xchg", place);
      case Isa.BPF_CMPXCHG -> "r0 = atomic%s_cmpxchg(%s, r0, r%d)".formatted(wide, place, src);
      case Isa.BPF_LOAD_ACQ ->
          "r%d = load_acquire(%s)".formatted(instruction.dst(), pointer(instruction, src));
      case Isa.BPF_STORE_REL -> "store_release(%s, r%d)".formatted(place, src);
      default -> UNKNOWN_ATOMIC + "%02x".formatted(opcode);
    };
  }

  private static String fetch(int src, String wide, String operation, String place) {
    return "r%d = atomic%s_%s(%s, r%1$d)".formatted(src, wide, operation, place);
  }

  private static String memory(Instruction instruction, int base) {
    return "*" + pointer(instruction, base);
  }

  private static String pointer(Instruction instruction, int base) {
    return "(%s *)(r%d %+d)"
        .formatted(Notation.type(instruction.opcode()), base, instruction.offset());
  }

  private static @Nullable String packetLoad(Instruction instruction) {
    int opcode = instruction.opcode();
    if (!Isa.isKnownOpcode(opcode) || instruction.isWide()) {
      return null;
    }
    String type = Notation.type(opcode);
    return (opcode & 0xe0) == Isa.BPF_ABS
        ? "r0 = *(%s *)skb[%d]".formatted(type, instruction.imm())
        : "r0 = *(%s *)skb[r%d + %d]".formatted(type, instruction.src(), instruction.imm());
  }

  private String wideLoad(int slot, Instruction first, int second) {
    return "r%d = %s".formatted(first.dst(), names.wide(slot, first.src(), first.imm(), second));
  }
}
