package io.ebpf4j.isa;

import static io.ebpf4j.isa.Isa.*;

import java.util.ArrayList;
import java.util.List;

/**
 * Instructions as text, in the form of the kernel's verifier log and {@code bpftool prog dump
 * xlated}. Immutable, so thread safe.
 */
public final class Disassembler {
  private static final String[] ARITHMETIC = {
    "+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "neg", "%=", "^=", "=", "s>>="
  };
  private static final String[] COMPARISON = {
    "", "==", ">", ">=", "&", "!=", "s>", "s>=", "", "", "<", "<=", "s<", "s<="
  };

  private final InstructionNames names;

  /** A disassembler that names helpers, maps and functions so. */
  public Disassembler(InstructionNames names) {
    this.names = names;
  }

  /** One line for each instruction: {@code 0: (b7) r0 = 2}. A wide one is one line. */
  public List<String> lines(List<Instruction> program) {
    List<String> lines = new ArrayList<>();
    for (int slot = 0; slot < program.size(); slot++) {
      lines.add("%4d: %s".formatted(slot, line(program, slot)));
      if (program.get(slot).isWide()) {
        slot++;
      }
    }
    return lines;
  }

  /** The instruction at a slot with its opcode before it: {@code (b7) r0 = 2}. */
  public String line(List<Instruction> program, int slot) {
    return "(%02x) %s".formatted(program.get(slot).opcode(), text(program, slot));
  }

  /** The instruction at a slot: {@code r0 = 2}. */
  public String text(List<Instruction> program, int slot) {
    Instruction instruction = program.get(slot);
    String text =
        switch (instruction.instructionClass()) {
          case BPF_ALU, BPF_ALU64 -> arithmetic(instruction);
          case BPF_LDX -> load(instruction);
          case BPF_ST -> store(instruction);
          case BPF_STX -> storeRegister(instruction);
          case BPF_LD -> special(program, slot);
          default -> jump(instruction, slot);
        };
    return text.isEmpty() ? "unknown opcode %#04x".formatted(instruction.opcode()) : text;
  }

  private static String arithmetic(Instruction i) {
    boolean wide = i.instructionClass() == BPF_ALU64;
    String r = wide ? "r" : "w";
    boolean register = (i.opcode() & BPF_X) != 0;
    int operation = i.opcode() & 0xf0;
    if (operation == BPF_END) {
      String order = wide ? "bswap" : register ? "be" : "le";
      return wide && register ? "" : "r%d = %s%d r%d".formatted(i.dst(), order, i.imm(), i.dst());
    }
    if (operation == BPF_NEG) {
      return register ? "" : "%s%d = -%s%d".formatted(r, i.dst(), r, i.dst());
    }
    if (operation > BPF_END) {
      return "";
    }
    boolean signed = (operation == BPF_DIV || operation == BPF_MOD) && i.offset() == 1;
    String operator = (signed ? "s" : "") + ARITHMETIC[operation >> 4];
    if (!register) {
      return "%s%d %s %d".formatted(r, i.dst(), operator, i.imm());
    }
    String cast = operation == BPF_MOV && i.offset() != 0 ? "(s%d)".formatted(i.offset()) : "";
    return "%s%d %s %s%s%d".formatted(r, i.dst(), operator, cast, r, i.src());
  }

  private static String load(Instruction i) {
    String sign =
        switch (i.opcode() & 0xe0) {
          case BPF_MEM -> "u";
          case BPF_MEMSX -> "s";
          default -> "";
        };
    return sign.isEmpty()
        ? ""
        : "r%d = %s".formatted(i.dst(), memory(sign, i.opcode(), i.src(), i.offset()));
  }

  private static String store(Instruction i) {
    return (i.opcode() & 0xe0) != BPF_MEM
        ? ""
        : "%s = %d".formatted(memory("u", i.opcode(), i.dst(), i.offset()), i.imm());
  }

  private static String storeRegister(Instruction i) {
    return switch (i.opcode() & 0xe0) {
      case BPF_MEM -> "%s = r%d".formatted(memory("u", i.opcode(), i.dst(), i.offset()), i.src());
      case BPF_ATOMIC -> atomic(i);
      default -> "";
    };
  }

  private static String atomic(Instruction i) {
    int size = accessSize(i.opcode());
    String memory = memory("u", i.opcode(), i.dst(), i.offset());
    String pointer = memory.substring(1);
    String wide = size == 8 ? "64" : "";
    boolean word = size >= 4;
    return switch (i.imm()) {
      case BPF_LOAD_ACQ ->
          "r%d = load_acquire(%s)"
              .formatted(i.dst(), memory("u", i.opcode(), i.src(), i.offset()).substring(1));
      case BPF_STORE_REL -> "store_release(%s, r%d)".formatted(pointer, i.src());
      case BPF_ADD, BPF_AND, BPF_OR, BPF_XOR ->
          word ? "lock %s %s r%d".formatted(memory, ARITHMETIC[i.imm() >> 4], i.src()) : "";
      case BPF_ADD | BPF_FETCH, BPF_AND | BPF_FETCH, BPF_OR | BPF_FETCH, BPF_XOR | BPF_FETCH ->
          word
              ? "r%d = atomic%s_fetch_%s(%s, r%d)"
                  .formatted(i.src(), wide, fetchName(i.imm()), pointer, i.src())
              : "";
      case BPF_XCHG ->
          word ? "r%d = atomic%s_xchg(%s, r%d)".formatted(i.src(), wide, pointer, i.src()) : "";
      case BPF_CMPXCHG ->
          word ? "r0 = atomic%s_cmpxchg(%s, r0, r%d)".formatted(wide, pointer, i.src()) : "";
      default -> "";
    };
  }

  private static String fetchName(int operation) {
    return switch (operation & 0xf0) {
      case BPF_ADD -> "add";
      case BPF_AND -> "and";
      case BPF_OR -> "or";
      default -> "xor";
    };
  }

  private String special(List<Instruction> program, int slot) {
    Instruction i = program.get(slot);
    String unit = "*(u%d *)skb".formatted(accessSize(i.opcode()) * 8);
    return switch (i.opcode() & 0xe0) {
      case BPF_ABS -> "r0 = %s[%d]".formatted(unit, i.imm());
      case BPF_IND -> "r0 = %s[r%d + %d]".formatted(unit, i.src(), i.imm());
      case BPF_IMM -> {
        if (!i.isWide() || slot + 1 == program.size()) {
          yield "";
        }
        int high = program.get(slot + 1).imm();
        yield "r%d = %s".formatted(i.dst(), names.wide(slot, i.src(), i.imm(), high));
      }
      default -> "";
    };
  }

  private String jump(Instruction i, int slot) {
    boolean wide = i.instructionClass() == BPF_JMP;
    boolean register = (i.opcode() & BPF_X) != 0;
    int operation = i.opcode() & 0xf0;
    return switch (operation) {
      case BPF_JA ->
          register
              ? ""
              : wide ? "goto pc%+d".formatted(i.offset()) : "gotol pc%+d".formatted(i.imm());
      case BPF_JCOND -> wide && !register ? "may_goto pc%+d".formatted(i.offset()) : "";
      case BPF_EXIT -> wide && !register ? "exit" : "";
      case BPF_CALL -> wide ? call(i, slot, register) : "";
      case 0xf0 -> "";
      default -> {
        String r = wide ? "r" : "w";
        String right = register ? r + i.src() : "0x%x".formatted(i.imm());
        yield "if %s%d %s %s goto pc%+d"
            .formatted(r, i.dst(), COMPARISON[operation >> 4], right, i.offset());
      }
    };
  }

  private String call(Instruction i, int slot, boolean register) {
    if (register) {
      return "callx r%d".formatted(i.dst());
    }
    return switch (i.src()) {
      case 0 -> "call " + names.helper(i.imm());
      case BPF_PSEUDO_CALL -> "call " + names.function(slot + 1 + i.imm(), i.imm());
      case BPF_PSEUDO_KFUNC_CALL -> "call " + names.kernelFunction(i.imm());
      default -> "";
    };
  }

  private static String memory(String sign, int opcode, int base, int offset) {
    return "*(%s%d *)(r%d %+d)".formatted(sign, accessSize(opcode) * 8, base, offset);
  }
}
