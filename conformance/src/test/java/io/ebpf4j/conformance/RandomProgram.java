package io.ebpf4j.conformance;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A program that Linux accepts, made of random arithmetic, byte swaps, forward branches, stack
 * accesses and atomics. It takes its registers from the first half of a map's only value and leaves
 * them in the second, so that the map and R0 tell all that it did. R1 points at the value
 * throughout.
 */
final class RandomProgram {
  static final String MAP = "state";
  static final int REGISTERS_AT_END = 128;
  static final MapSpec STATE = MapSpec.array(MAP, 256, 1);

  private static final int[] SCALARS = {0, 2, 3, 4, 5, 6, 7, 8, 9};
  private static final int[] SIZES = {BPF_B, BPF_H, BPF_W, BPF_DW};
  private static final int[] ARITHMETIC = {
    BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND, BPF_LSH, BPF_RSH, BPF_MOD, BPF_XOR,
    BPF_MOV, BPF_ARSH
  };
  private static final int[] COMPARISONS = {
    BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET, BPF_JNE, BPF_JSGT, BPF_JSGE, BPF_JLT, BPF_JLE, BPF_JSLT,
    BPF_JSLE
  };
  private static final int[] ATOMICS = {
    BPF_ADD,
    BPF_OR,
    BPF_AND,
    BPF_XOR,
    BPF_ADD | BPF_FETCH,
    BPF_OR | BPF_FETCH,
    BPF_AND | BPF_FETCH,
    BPF_XOR | BPF_FETCH,
    BPF_XCHG,
    BPF_CMPXCHG
  };

  private final RandomGenerator random;
  private final List<Instruction> code = new ArrayList<>();

  private RandomProgram(RandomGenerator random) {
    this.random = random;
  }

  /** A program with that many random instructions between its prologue and its epilogue. */
  static ProgramSpec of(RandomGenerator random, int length) {
    return new RandomProgram(random).build(length);
  }

  private ProgramSpec build(int length) {
    add(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_VALUE, 0, 0);
    add(0, 0, 0, 0, 0);
    for (int i = 0; i < SCALARS.length; i++) {
      add(BPF_LDX | BPF_MEM | BPF_DW, SCALARS[i], 1, 8 * i, 0);
    }
    for (int slot = -64; slot < 0; slot += 8) {
      add(BPF_STX | BPF_MEM | BPF_DW, 10, scalar(), slot, 0);
    }
    int end = code.size() + length;
    while (code.size() < end) {
      step(end - code.size() - 1);
    }
    for (int i = 0; i < SCALARS.length; i++) {
      add(BPF_STX | BPF_MEM | BPF_DW, 1, SCALARS[i], REGISTERS_AT_END + 8 * i, 0);
    }
    add(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    return ProgramSpec.of("random", ProgramType.XDP, code)
        .withExpectedAttachType(AttachType.XDP)
        .withReferences(List.of(new Reference.ToMapValue(0, MAP, 0)));
  }

  /** One instruction; a branch skips at most {@code ahead} of those that follow. */
  private void step(int ahead) {
    switch (random.nextInt(12)) {
      case 0 -> branch(ahead);
      case 1 -> swap();
      case 2 -> stack();
      case 3 -> memory();
      case 4 -> atomic();
      case 5 -> extend();
      default -> arithmetic();
    }
  }

  private void arithmetic() {
    int operation = pick(ARITHMETIC);
    int type = random.nextBoolean() ? BPF_ALU64 : BPF_ALU;
    boolean signed = (operation == BPF_DIV || operation == BPF_MOD) && random.nextBoolean();
    if (random.nextInt(20) == 0) {
      add(type | BPF_NEG, scalar(), 0, 0, 0);
    } else if (random.nextBoolean()) {
      add(type | operation | BPF_X, scalar(), scalar(), signed ? 1 : 0, 0);
    } else {
      add(type | operation | BPF_K, scalar(), 0, signed ? 1 : 0, constant(operation, type));
    }
  }

  private int constant(int operation, int type) {
    return switch (operation) {
      case BPF_LSH, BPF_RSH, BPF_ARSH -> random.nextInt(type == BPF_ALU64 ? 64 : 32);
      case BPF_DIV, BPF_MOD -> number() | 1;
      default -> number();
    };
  }

  private void extend() {
    boolean wide = random.nextBoolean();
    int bits = wide ? 8 << random.nextInt(3) : 8 << random.nextInt(2);
    add((wide ? BPF_ALU64 : BPF_ALU) | BPF_MOV | BPF_X, scalar(), scalar(), bits, 0);
  }

  private void swap() {
    int type = random.nextBoolean() ? BPF_ALU64 : BPF_ALU;
    int order = type == BPF_ALU && random.nextBoolean() ? BPF_X : BPF_K;
    add(type | BPF_END | order, scalar(), 0, 0, 16 << random.nextInt(3));
  }

  private void branch(int ahead) {
    int type = random.nextBoolean() ? BPF_JMP : BPF_JMP32;
    int skipped = ahead <= 0 ? 0 : random.nextInt(Math.min(ahead, 6) + 1);
    if (random.nextBoolean()) {
      add(type | pick(COMPARISONS) | BPF_X, scalar(), scalar(), skipped, 0);
    } else {
      add(type | pick(COMPARISONS) | BPF_K, scalar(), 0, skipped, number());
    }
  }

  private void stack() {
    int size = pick(SIZES);
    int offset = -64 + random.nextInt(64 / accessSize(size)) * accessSize(size);
    switch (random.nextInt(3)) {
      case 0 -> add(BPF_LDX | BPF_MEM | size, scalar(), 10, offset, 0);
      case 1 -> add(BPF_STX | BPF_MEM | size, 10, scalar(), offset, 0);
      default -> add(BPF_ST | BPF_MEM | size, 10, 0, offset, number());
    }
  }

  private void memory() {
    int size = pick(SIZES);
    int offset = random.nextInt(128 / accessSize(size)) * accessSize(size);
    boolean signed = size != BPF_DW && random.nextBoolean();
    switch (random.nextInt(3)) {
      case 0 -> add(BPF_LDX | (signed ? BPF_MEMSX : BPF_MEM) | size, scalar(), 1, offset, 0);
      case 1 -> add(BPF_STX | BPF_MEM | size, 1, scalar(), offset, 0);
      default -> add(BPF_ST | BPF_MEM | size, 1, 0, offset, number());
    }
  }

  private void atomic() {
    int size = random.nextBoolean() ? BPF_DW : BPF_W;
    int offset = random.nextInt(128 / accessSize(size)) * accessSize(size);
    add(BPF_STX | BPF_ATOMIC | size, 1, scalar(), offset, pick(ATOMICS));
  }

  private int scalar() {
    return pick(SCALARS);
  }

  /** Small and extreme numbers more often than others. */
  private int number() {
    return switch (random.nextInt(6)) {
      case 0 -> random.nextInt(-2, 3);
      case 1 -> Integer.MIN_VALUE;
      case 2 -> Integer.MAX_VALUE;
      case 3 -> 1 << random.nextInt(32);
      default -> random.nextInt();
    };
  }

  private int pick(int[] of) {
    return of[random.nextInt(of.length)];
  }

  private void add(int opcode, int dst, int src, int offset, int imm) {
    code.add(new Instruction(opcode, dst, src, offset, imm));
  }
}
