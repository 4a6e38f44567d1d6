package io.ebpf4j.jvm.compiler;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Instruction;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;

/**
 * Writes programs that never stray: arithmetic, branches, a loop, calls of a function, loads,
 * stores and atomics in a block of memory that R1 points to and on the stack. The stack has an area
 * that is accessed at random and one of cells that are loaded and stored whole; some programs give
 * the function an address in it.
 */
final class RandomProgram {
  /** Bytes of the block. */
  static final int BLOCK = 64;

  private static final int MEMORY = 6;
  private static final int COUNTER = 9;
  private static final int[] FREE = {0, 1, 2, 3, 4, 5, 7, 8};
  private static final int[] SIZES = {BPF_B, BPF_H, BPF_W, BPF_DW};
  private static final int[] ATOMICS = {
    BPF_ADD,
    BPF_OR,
    BPF_AND,
    BPF_XOR,
    BPF_ADD | BPF_FETCH,
    BPF_XOR | BPF_FETCH,
    BPF_XCHG,
    BPF_CMPXCHG,
    BPF_LOAD_ACQ,
    BPF_STORE_REL
  };

  /** Bytes of the area of cells, below the other one. */
  private static final int CELLS = 64;

  private final Random random;
  private final boolean givesAddress;

  /** Slots that no jump may lead to: they rely on the ones before them. */
  private final BitSet sequences = new BitSet();

  private final List<Instruction> program = new ArrayList<>();

  private RandomProgram(Random random) {
    this.random = random;
    this.givesAddress = random.nextInt(3) == 0;
  }

  static List<Instruction> of(Random random) {
    RandomProgram writer = new RandomProgram(random);
    writer.write();
    return writer.program;
  }

  private void write() {
    add(BPF_ALU64 | BPF_MOV | BPF_X, MEMORY, 1, 0, 0);
    for (int offset = -BLOCK - CELLS; offset < 0; offset += Long.BYTES) {
      add(BPF_ST | BPF_MEM | BPF_DW, FRAME_POINTER, 0, offset, random.nextInt());
    }
    for (int register : FREE) {
      wide(register, random.nextInt(4) == 0 ? random.nextInt(5) - 2 : random.nextLong());
    }
    add(BPF_ALU64 | BPF_MOV, COUNTER, 0, 0, 3);
    int head = program.size();
    int body = 10 + random.nextInt(60);
    List<Integer> calls = new ArrayList<>();
    while (program.size() < head + body) {
      if (random.nextInt(30) == 0) {
        if (givesAddress) {
          sequences.set(program.size() + 1, program.size() + 3);
          add(BPF_ALU64 | BPF_MOV | BPF_X, 5, FRAME_POINTER, 0, 0);
          add(BPF_ALU64 | BPF_ADD, 5, 0, 0, -BLOCK - CELLS + random.nextInt(4) * Long.BYTES);
        }
        calls.add(program.size());
        add(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
        for (int register = 1; register <= 5; register++) {
          add(BPF_ALU64 | BPF_MOV | BPF_X, register, 0, 0, 0);
        }
      } else {
        instruction(head + body);
      }
    }
    int end = program.size();
    for (int slot = head; slot < end; slot++) {
      int target = Functions.target(program.get(slot), slot);
      if (target >= 0) {
        int allowed = Math.min(sequences.nextClearBit(target), end);
        program.set(slot, program.get(slot).withOffset(allowed - slot - 1));
      }
    }
    add(BPF_ALU64 | BPF_SUB, COUNTER, 0, 0, 1);
    add(BPF_JMP | BPF_JNE, COUNTER, 0, head - program.size() - 1, 0);
    add(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    for (int slot : calls) {
      program.set(slot, program.get(slot).withImm(program.size() - slot - 1));
    }
    function();
  }

  private void function() {
    add(BPF_STX | BPF_MEM | BPF_DW, FRAME_POINTER, 2, -8, 0);
    add(BPF_ALU64 | BPF_MOV | BPF_X, 0, 1, 0, 0);
    add(BPF_ALU64 | BPF_MUL | BPF_X, 0, 3, 0, 0);
    add(BPF_LDX | BPF_MEM | BPF_DW, 4, FRAME_POINTER, -8, 0);
    add(BPF_ALU64 | BPF_XOR | BPF_X, 0, 4, 0, 0);
    if (givesAddress) {
      add(BPF_LDX | BPF_MEM | BPF_DW, 4, 5, 0, 0);
      add(BPF_ALU64 | BPF_ADD | BPF_X, 0, 4, 0, 0);
      add(BPF_STX | BPF_MEM | BPF_DW, 5, 0, 0, 0);
    }
    add(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  }

  private void instruction(int end) {
    int dst = free();
    int src = free();
    int imm = random.nextInt(3) == 0 ? random.nextInt() : random.nextInt(64);
    int size = SIZES[random.nextInt(SIZES.length)];
    int type = random.nextBoolean() ? BPF_ALU64 : BPF_ALU;
    switch (random.nextInt(11)) {
      case 0, 1, 2 -> arithmetic(type, dst, src, imm);
      case 3 -> {
        int jump = random.nextBoolean() ? BPF_JMP : BPF_JMP32;
        int[] conditions = {
          BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET, BPF_JNE, BPF_JSGT, BPF_JSGE, BPF_JLT, BPF_JLE,
          BPF_JSLT, BPF_JSLE
        };
        int condition = conditions[random.nextInt(conditions.length)];
        int way = random.nextBoolean() ? BPF_X : BPF_K;
        int distance = random.nextInt(Math.max(1, end - program.size()));
        add(jump | condition | way, dst, way == BPF_X ? src : 0, distance, way == BPF_X ? 0 : imm);
      }
      case 4 -> add(BPF_LDX | BPF_MEM | size, dst, MEMORY, place(size), 0);
      case 5 -> add(BPF_STX | BPF_MEM | size, MEMORY, src, place(size), 0);
      case 6 -> {
        boolean signed = size != BPF_DW && random.nextBoolean();
        add(
            BPF_LDX | (signed ? BPF_MEMSX : BPF_MEM) | size,
            dst,
            FRAME_POINTER,
            place(size) - BLOCK,
            0);
      }
      case 7 -> add(BPF_ST | BPF_MEM | size, FRAME_POINTER, 0, place(size) - BLOCK, imm);
      case 8 -> atomic(dst, src);
      default -> cell(dst, src, imm);
    }
  }

  /** A cell has the size that its place says: 8 bytes, then 4, then 2, then 1. */
  private void cell(int dst, int src, int imm) {
    int size = SIZES[3 - random.nextInt(4)];
    int start = -BLOCK - CELLS + 16 * List.of(BPF_DW, BPF_W, BPF_H, BPF_B).indexOf(size);
    int bytes = accessSize(size);
    int offset = start + random.nextInt(16 / bytes) * bytes;
    int base = FRAME_POINTER;
    if (random.nextInt(4) == 0) {
      base = dst;
      sequences.set(program.size() + 1, program.size() + 4);
      int part = random.nextInt(200);
      add(BPF_ALU64 | BPF_MOV | BPF_X, dst, FRAME_POINTER, 0, 0);
      add(BPF_ALU64 | BPF_ADD, dst, 0, 0, -part);
      offset += part;
    }
    switch (random.nextInt(3)) {
      case 0 -> {
        boolean signed = size != BPF_DW && random.nextBoolean();
        add(BPF_LDX | (signed ? BPF_MEMSX : BPF_MEM) | size, dst, base, offset, 0);
      }
      case 1 -> add(BPF_ST | BPF_MEM | size, base, 0, offset, imm);
      default -> add(BPF_STX | BPF_MEM | size, base, src == base ? COUNTER : src, offset, 0);
    }
    if (base == dst) {
      add(BPF_ALU64 | BPF_MOV, dst, 0, 0, imm);
    }
  }

  private void arithmetic(int type, int dst, int src, int imm) {
    int operation = random.nextInt(14) << 4;
    boolean register = random.nextBoolean();
    int wide = type == BPF_ALU64 ? Long.SIZE : Integer.SIZE;
    switch (operation) {
      case BPF_NEG -> add(type | BPF_NEG, dst, 0, 0, 0);
      case BPF_END -> {
        int bits = 16 << random.nextInt(3);
        int order = type == BPF_ALU && register ? BPF_TO_BE : BPF_TO_LE;
        add(type | BPF_END | order, dst, 0, 0, bits);
      }
      case BPF_LSH, BPF_RSH, BPF_ARSH ->
          add(
              type | operation | (register ? BPF_X : 0),
              dst,
              register ? src : 0,
              0,
              register ? 0 : Math.floorMod(imm, wide));
      case BPF_DIV, BPF_MOD ->
          add(
              type | operation | (register ? BPF_X : 0),
              dst,
              register ? src : 0,
              random.nextInt(2),
              register ? 0 : imm == 0 ? 7 : imm);
      case BPF_MOV -> {
        int cut = register ? 8 * random.nextInt(3) : 0;
        add(
            type | BPF_MOV | (register ? BPF_X : 0),
            dst,
            register ? src : 0,
            cut,
            register ? 0 : imm);
      }
      default ->
          add(
              type | operation | (register ? BPF_X : 0),
              dst,
              register ? src : 0,
              0,
              register ? 0 : imm);
    }
  }

  private void atomic(int dst, int src) {
    int operation = ATOMICS[random.nextInt(ATOMICS.length)];
    int size = random.nextBoolean() ? BPF_W : BPF_DW;
    if (operation == BPF_LOAD_ACQ) {
      add(BPF_STX | BPF_ATOMIC | size, dst, MEMORY, place(size), operation);
    } else {
      add(BPF_STX | BPF_ATOMIC | size, MEMORY, src, place(size), operation);
    }
  }

  /** An aligned place in the block. */
  private int place(int size) {
    int bytes = accessSize(size);
    return random.nextInt(BLOCK / bytes) * bytes;
  }

  private int free() {
    return FREE[random.nextInt(FREE.length)];
  }

  private void wide(int register, long value) {
    add(BPF_LD | BPF_IMM | BPF_DW, register, 0, 0, (int) value);
    add(0, 0, 0, 0, (int) (value >>> 32));
  }

  private void add(int opcode, int dst, int src, int offset, int imm) {
    program.add(new Instruction(opcode, dst, src, offset, imm));
  }
}
