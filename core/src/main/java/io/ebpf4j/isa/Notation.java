package io.ebpf4j.isa;

import java.util.Arrays;
import java.util.List;

/** The operators and type names of the assembly text, shared by its writer and its reader. */
final class Notation {
  /** By operation, the opcode's high four bits; an empty entry has a form of its own or none. */
  private static final List<String> ALU =
      List.of("+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "", "%=", "^=", "=", "s>>=");

  /** As {@link #ALU}, for jumps. */
  private static final List<String> JUMP =
      List.of("", "==", ">", ">=", "&", "!=", "s>", "s>=", "", "", "<", "<=", "s<", "s<=");

  /** By size bits, shifted right by three. */
  private static final List<String> UNSIGNED_TYPES = List.of("u32", "u16", "u8", "u64");

  private static final List<String> SIGNED_TYPES = List.of("s32", "s16", "s8");

  private Notation() {}

  /** The operator of an arithmetic instruction, or the empty string. */
  static String alu(int opcode, int offset) {
    int operation = opcode & 0xf0;
    boolean signed = offset == 1 && (operation == Isa.BPF_DIV || operation == Isa.BPF_MOD);
    String operator = operation >> 4 < ALU.size() ? ALU.get(operation >> 4) : "";
    return signed ? "s" + operator : operator;
  }

  /** The comparison of a conditional jump, or the empty string. */
  static String jump(int opcode) {
    int operation = (opcode & 0xf0) >> 4;
    return operation < JUMP.size() ? JUMP.get(operation) : "";
  }

  /** The type that a load or store with that opcode moves. */
  static String type(int opcode) {
    int size = (opcode & 0x18) >> 3;
    return (opcode & 0xe0) == Isa.BPF_MEMSX ? SIGNED_TYPES.get(size) : UNSIGNED_TYPES.get(size);
  }

  /** All assignment operators, plain and signed, longest first. */
  static List<String> assignments() {
    String[] all = new String[ALU.size() + 2];
    ALU.toArray(all);
    all[ALU.size()] = "s/=";
    all[ALU.size() + 1] = "s%=";
    return longestFirst(all);
  }

  /** All comparisons, longest first. */
  static List<String> comparisons() {
    return longestFirst(JUMP.toArray(new String[0]));
  }

  private static List<String> longestFirst(String[] operators) {
    return Arrays.stream(operators)
        .filter(operator -> !operator.isEmpty())
        .sorted((left, right) -> right.length() - left.length())
        .toList();
  }

  /** The operation of an assignment operator without its sign prefix: the opcode's high bits. */
  static int aluOperation(String operator) {
    boolean signedDivision = operator.equals("s/=") || operator.equals("s%=");
    return ALU.indexOf(signedDivision ? operator.substring(1) : operator) << 4;
  }

  /** The operation of a comparison: the opcode's high bits. */
  static int jumpOperation(String operator) {
    return JUMP.indexOf(operator) << 4;
  }

  /** The size bits of an unsigned type's name, or -1. */
  static int unsignedSize(String type) {
    int index = UNSIGNED_TYPES.indexOf(type);
    return index < 0 ? -1 : index << 3;
  }

  /** The size bits of a signed type's name, or -1. */
  static int signedSize(String type) {
    int index = SIGNED_TYPES.indexOf(type);
    return index < 0 ? -1 : index << 3;
  }
}
