package io.ebpf4j.jvm.compiler;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Instruction;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Writes long programs over a block of memory that R1 points to: blocks of arithmetic, loads,
 * stores, branches and a short loop each, so that every part of the program is as hot as any other.
 */
final class LongProgram {
  /** Bytes of the memory. */
  static final int MEMORY = 4096;

  private static final int BASE = 6;
  private static final int COUNTER = 9;
  private static final int[] FREE = {0, 2, 3, 4, 5, 7, 8};

  private final Random random = new Random(7);
  private final List<Instruction> program = new ArrayList<>();

  private LongProgram() {}

  /** A program with branches and loops. */
  static List<Instruction> of(int instructions) {
    LongProgram writer = new LongProgram();
    writer.begin();
    while (writer.program.size() < instructions - 20) {
      writer.block();
    }
    writer.end();
    return writer.program;
  }

  /** A program of loads, each added to R0, in a loop of three turns. */
  static List<Instruction> ofLoads(int loads) {
    LongProgram writer = new LongProgram();
    writer.begin();
    writer.add(BPF_ALU64 | BPF_MOV, COUNTER, 0, 0, 3);
    int head = writer.program.size();
    for (int i = 0; i < loads; i++) {
      int size = new int[] {BPF_B, BPF_H, BPF_W, BPF_DW}[i % 4];
      writer.add(BPF_LDX | BPF_MEM | size, 2, BASE, i * 8 % MEMORY, 0);
      writer.add(BPF_ALU64 | BPF_ADD | BPF_X, 0, 2, 0, 0);
    }
    writer.add(BPF_ALU64 | BPF_SUB, COUNTER, 0, 0, 1);
    writer.add(BPF_JMP | BPF_JNE, COUNTER, 0, head - writer.program.size() - 1, 0);
    writer.end();
    return writer.program;
  }

  private void begin() {
    add(BPF_ALU64 | BPF_MOV | BPF_X, BASE, 1, 0, 0);
    for (int register : FREE) {
      add(BPF_ALU64 | BPF_MOV, register, 0, 0, random.nextInt());
    }
  }

  private void block() {
    add(BPF_ALU64 | BPF_MOV, COUNTER, 0, 0, 3);
    int head = program.size();
    for (int i = 0; i < 3; i++) {
      arithmetic();
      add(BPF_LDX | BPF_MEM | BPF_DW, free(), BASE, place(), 0);
      // One bit of a number that changes: both ways are taken.
      add(BPF_JMP | BPF_JSET, free(), 0, 2, 1 << random.nextInt(8));
      arithmetic();
      arithmetic();
    }
    add(BPF_STX | BPF_MEM | BPF_DW, BASE, free(), place(), 0);
    add(BPF_ALU64 | BPF_SUB, COUNTER, 0, 0, 1);
    add(BPF_JMP | BPF_JNE, COUNTER, 0, head - program.size() - 1, 0);
  }

  private void end() {
    add(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  }

  private void arithmetic() {
    int[] operations = {BPF_ADD, BPF_XOR, BPF_SUB, BPF_MUL, BPF_OR};
    int type = random.nextBoolean() ? BPF_ALU64 : BPF_ALU;
    add(type | operations[random.nextInt(operations.length)] | BPF_X, free(), free(), 0, 0);
  }

  private int free() {
    return FREE[random.nextInt(FREE.length)];
  }

  private int place() {
    return random.nextInt(MEMORY / Long.BYTES) * Long.BYTES;
  }

  private void add(int opcode, int dst, int src, int offset, int imm) {
    program.add(new Instruction(opcode, dst, src, offset, imm));
  }
}
