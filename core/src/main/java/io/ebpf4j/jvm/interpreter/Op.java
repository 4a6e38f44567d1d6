package io.ebpf4j.jvm.interpreter;

/**
 * Operations of decoded slots beyond the opcodes of RFC 9669, which a decoded slot keeps where they
 * say everything. What an instruction tells apart by offset, immediate or base register has a
 * number of its own here, taken from opcodes that no instruction has, so that one dense switch over
 * a byte does the whole work.
 */
final class Op {
  // Signed division and modulo: offset 1.
  static final int SDIV32_K = 0xe4;
  static final int SDIV32_X = 0xec;
  static final int SDIV64_K = 0xe7;
  static final int SDIV64_X = 0xef;
  static final int SMOD32_K = 0xf4;
  static final int SMOD32_X = 0xfc;
  static final int SMOD64_K = 0xf7;
  static final int SMOD64_X = 0xff;

  // Sign-extending moves: offset 8, 16, 32.
  static final int MOVSX32_8 = 0x8c;
  static final int MOVSX32_16 = 0x8e;
  static final int MOVSX64_8 = 0x8f;
  static final int MOVSX64_16 = 0x9e;
  static final int MOVSX64_32 = 0xdf;

  // Byte order: the immediate is the width. This host is little-endian.
  static final int CUT16 = 0xd4;
  static final int CUT32 = 0xdc;
  static final int SWAP16 = 0xd7;
  static final int SWAP32 = 0xee;
  static final int SWAP64 = 0xf6;
  static final int NOTHING = 0xe6;

  // Loads and stores through the frame pointer, whose place was checked when decoded.
  static final int STACK_LDX_W = 0x01;
  static final int STACK_LDX_H = 0x09;
  static final int STACK_LDX_B = 0x11;
  static final int STACK_LDX_DW = 0x19;
  static final int STACK_STX_W = 0x03;
  static final int STACK_STX_H = 0x0b;
  static final int STACK_STX_B = 0x13;
  static final int STACK_STX_DW = 0x1b;
  static final int STACK_ST_W = 0x02;
  static final int STACK_ST_H = 0x0a;
  static final int STACK_ST_B = 0x12;
  static final int STACK_ST_DW = 0x1a;

  // Calls: of a helper (the immediate is its index in the code), of a function of the program.
  static final int CALL_HELPER = 0x85;
  static final int CALL_FUNCTION = 0x8d;
  static final int CALL_GLOBAL_FUNCTION = 0xed;

  /** A call of a kernel function: the immediate is its index in the code. */
  static final int CALL_KFUNC = 0xf5;

  /** A call of the helper whose number is in a register, which Linux refuses. */
  static final int CALL_BY_REGISTER = 0xfd;

  /** The program may not be here: the immediate is an index into the code's reasons. */
  static final int REFUSED = 0x00;

  private Op() {}
}
