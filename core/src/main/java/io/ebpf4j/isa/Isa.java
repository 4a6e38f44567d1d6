package io.ebpf4j.isa;

/** The numbers of the instruction set, named as in the UAPI headers (RFC 9669 sections 3 to 5). */
public final class Isa {
  // Instruction classes.
  public static final int BPF_LD = 0x00;
  public static final int BPF_LDX = 0x01;
  public static final int BPF_ST = 0x02;
  public static final int BPF_STX = 0x03;
  public static final int BPF_ALU = 0x04;
  public static final int BPF_JMP = 0x05;
  public static final int BPF_JMP32 = 0x06;
  public static final int BPF_ALU64 = 0x07;

  // Sizes of a load or store.
  public static final int BPF_W = 0x00;
  public static final int BPF_H = 0x08;
  public static final int BPF_B = 0x10;
  public static final int BPF_DW = 0x18;

  // Modes of a load or store.
  public static final int BPF_IMM = 0x00;
  public static final int BPF_ABS = 0x20;
  public static final int BPF_IND = 0x40;
  public static final int BPF_MEM = 0x60;
  public static final int BPF_MEMSX = 0x80;
  public static final int BPF_ATOMIC = 0xc0;

  // Source operand of arithmetic and jumps.
  public static final int BPF_K = 0x00;
  public static final int BPF_X = 0x08;

  // Arithmetic.
  public static final int BPF_ADD = 0x00;
  public static final int BPF_SUB = 0x10;
  public static final int BPF_MUL = 0x20;
  public static final int BPF_DIV = 0x30;
  public static final int BPF_OR = 0x40;
  public static final int BPF_AND = 0x50;
  public static final int BPF_LSH = 0x60;
  public static final int BPF_RSH = 0x70;
  public static final int BPF_NEG = 0x80;
  public static final int BPF_MOD = 0x90;
  public static final int BPF_XOR = 0xa0;
  public static final int BPF_MOV = 0xb0;
  public static final int BPF_ARSH = 0xc0;
  public static final int BPF_END = 0xd0;

  // Jumps.
  public static final int BPF_JA = 0x00;
  public static final int BPF_JEQ = 0x10;
  public static final int BPF_JGT = 0x20;
  public static final int BPF_JGE = 0x30;
  public static final int BPF_JSET = 0x40;
  public static final int BPF_JNE = 0x50;
  public static final int BPF_JSGT = 0x60;
  public static final int BPF_JSGE = 0x70;
  public static final int BPF_CALL = 0x80;
  public static final int BPF_EXIT = 0x90;
  public static final int BPF_JLT = 0xa0;
  public static final int BPF_JLE = 0xb0;
  public static final int BPF_JSLT = 0xc0;
  public static final int BPF_JSLE = 0xd0;
  public static final int BPF_JCOND = 0xe0;

  /** The only source of {@link #BPF_JCOND}: may_goto. */
  public static final int BPF_MAY_GOTO = 0;

  // Byte order that BPF_END converts to, in the source bit.
  public static final int BPF_TO_LE = 0x00;
  public static final int BPF_TO_BE = 0x08;

  // Offsets of a move that is more than a move: to another address space, to this CPU's copy. The
  // second is what the kernel itself writes; no program may bring it.
  public static final int BPF_ADDR_SPACE_CAST = 1;
  public static final int BPF_ADDR_PERCPU = -1;

  /** A call through a register, which clang can write and Linux refuses. */
  public static final int CALLX = BPF_JMP | BPF_CALL | BPF_X;

  /** The speculation barrier that the kernel's verifier inserts; no program may bring it. */
  public static final int NOSPEC = BPF_ST | BPF_ATOMIC;

  // Atomic operations, in the immediate.
  public static final int BPF_FETCH = 0x01;
  public static final int BPF_XCHG = 0xe0 | BPF_FETCH;
  public static final int BPF_CMPXCHG = 0xf0 | BPF_FETCH;
  public static final int BPF_LOAD_ACQ = 0x100;
  public static final int BPF_STORE_REL = 0x110;

  // Source of a 64-bit immediate load: what the immediate stands for.
  public static final int BPF_PSEUDO_MAP_FD = 1;
  public static final int BPF_PSEUDO_MAP_VALUE = 2;
  public static final int BPF_PSEUDO_BTF_ID = 3;
  public static final int BPF_PSEUDO_FUNC = 4;
  public static final int BPF_PSEUDO_MAP_IDX = 5;
  public static final int BPF_PSEUDO_MAP_IDX_VALUE = 6;

  // Source of a call: what the immediate stands for.
  public static final int BPF_PSEUDO_CALL = 1;
  public static final int BPF_PSEUDO_KFUNC_CALL = 2;

  /** Registers 0 to 9, and 10, the read-only frame pointer. */
  public static final int REGISTERS = 11;

  /** The frame pointer's number. */
  public static final int FRAME_POINTER = 10;

  /** The most slots of a program that a privileged user may load. */
  public static final int MAX_SLOTS = 1_000_000;

  private Isa() {}

  /**
   * Whether Linux 6.18 has an instruction with that opcode. True for the first slot of a 64-bit
   * immediate load and false for the opcode of its second, which is zero.
   */
  public static boolean isKnownOpcode(int opcode) {
    int operation = opcode & 0xf0;
    boolean register = (opcode & BPF_X) != 0;
    int size = opcode & 0x18;
    int mode = opcode & 0xe0;
    return switch (opcode & 0x07) {
      case BPF_ALU -> operation <= BPF_END && !(operation == BPF_NEG && register);
      case BPF_ALU64 ->
          operation <= BPF_END && !((operation == BPF_NEG || operation == BPF_END) && register);
      case BPF_JMP ->
          switch (operation) {
            case BPF_JA, BPF_CALL, BPF_EXIT, BPF_JCOND -> !register;
            default -> operation < BPF_JCOND;
          };
      case BPF_JMP32 ->
          switch (operation) {
            case BPF_JA -> !register;
            case BPF_CALL, BPF_EXIT -> false;
            default -> operation < BPF_JCOND;
          };
      case BPF_LD ->
          switch (mode) {
            case BPF_IMM -> size == BPF_DW;
            case BPF_ABS, BPF_IND -> size != BPF_DW;
            default -> false;
          };
      case BPF_LDX -> mode == BPF_MEM || (mode == BPF_MEMSX && size != BPF_DW);
      case BPF_ST -> mode == BPF_MEM;
      default -> mode == BPF_MEM || mode == BPF_ATOMIC;
    };
  }

  /** Bytes moved by a load or store with that opcode: 1, 2, 4 or 8. */
  public static int accessSize(int opcode) {
    return switch (opcode & 0x18) {
      case BPF_W -> 4;
      case BPF_H -> 2;
      case BPF_B -> 1;
      default -> 8;
    };
  }
}
