package io.ebpf4j.isa;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * One 8-byte slot of a program, as RFC 9669 section 3 lays it out. A 64-bit immediate load takes
 * two slots, so an index into a list of instructions is always the slot number that jumps, line
 * info and the verifier's log count in.
 *
 * @param opcode 0 to 255
 * @param dst destination register, 0 to 15 as encoded (0 to 10 are valid)
 * @param src source register or pseudo kind, 0 to 15
 * @param offset signed 16-bit offset
 * @param imm signed 32-bit immediate
 */
public record Instruction(int opcode, int dst, int src, int offset, int imm) {
  /** Bytes of one slot. */
  public static final int SIZE = 8;

  /** Checks that each field fits its bits. */
  public Instruction {
    if ((opcode & ~0xff) != 0
        || (dst & ~0xf) != 0
        || (src & ~0xf) != 0
        || offset != (short) offset) {
      throw new IllegalArgumentException(
          "a field does not fit its bits: opcode %d, dst %d, src %d, offset %d"
              .formatted(opcode, dst, src, offset));
    }
  }

  /** The instruction class: the low three bits, one of {@link Isa}'s classes. */
  public int instructionClass() {
    return opcode & 0x07;
  }

  /** Whether this is the first slot of a 64-bit immediate load. */
  public boolean isWide() {
    return opcode == (Isa.BPF_LD | Isa.BPF_IMM | Isa.BPF_DW);
  }

  /** This instruction with another immediate. */
  public Instruction withImm(int newImm) {
    return new Instruction(opcode, dst, src, offset, newImm);
  }

  /** This instruction with another offset. */
  public Instruction withOffset(int newOffset) {
    return new Instruction(opcode, dst, src, newOffset, imm);
  }

  /** This instruction with another source register or pseudo kind. */
  public Instruction withSrc(int newSrc) {
    return new Instruction(opcode, dst, newSrc, offset, imm);
  }

  /** The eight bytes, little-endian, as a long whose lowest byte is the opcode. */
  public long toLong() {
    return opcode
        | (long) dst << 8
        | (long) src << 12
        | (offset & 0xffffL) << 16
        | (imm & 0xffffffffL) << 32;
  }

  /** The slot in the eight little-endian bytes of {@code slot}. */
  public static Instruction of(long slot) {
    return new Instruction(
        (int) slot & 0xff,
        (int) (slot >>> 8) & 0xf,
        (int) (slot >>> 12) & 0xf,
        (short) (slot >>> 16),
        (int) (slot >>> 32));
  }

  /**
   * Reads a little-endian program.
   *
   * @throws IllegalArgumentException where the length is no multiple of eight
   */
  public static List<Instruction> decode(byte[] bytes) {
    if (bytes.length % SIZE != 0) {
      throw new IllegalArgumentException(
          "a program's length is a multiple of 8 bytes, this has " + bytes.length);
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    List<Instruction> program = new ArrayList<>(bytes.length / SIZE);
    while (buffer.hasRemaining()) {
      program.add(of(buffer.getLong()));
    }
    return program;
  }

  /** Writes a little-endian program: eight bytes a slot. */
  public static byte[] encode(List<Instruction> program) {
    ByteBuffer buffer = ByteBuffer.allocate(program.size() * SIZE).order(ByteOrder.LITTLE_ENDIAN);
    for (Instruction instruction : program) {
      buffer.putLong(instruction.toLong());
    }
    return buffer.array();
  }
}
