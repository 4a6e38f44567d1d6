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
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * A program that Linux accepts, made of random arithmetic, byte swaps, forward branches, stack
 * accesses, atomics and helper calls. It takes its registers from the first half of a map's only
 * value and leaves them in the second, so that the maps, the packet and R0 tell all that it did. R1
 * points at the value between steps, the other registers are numbers.
 */
final class RandomProgram {
  static final int PACKET_BYTES = 64;
  static final MapSpec STATE = MapSpec.array("state", 256, 1);
  static final MapSpec TABLE = MapSpec.array("table", 16, 3);

  private static final int REGISTERS_AT_END = 128;

  /** Stack slots beside the 64 bytes that the steps use. */
  private static final int CONTEXT = -72;

  private static final int KEY = -80;

  private static final int LOOKUP = 1;
  private static final int UPDATE = 2;
  private static final int CHECKSUM = 28;
  private static final int BUFFER_LENGTH = 188;
  private static final int LOAD_BYTES = 189;
  private static final int STORE_BYTES = 190;

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

  private final List<Instruction> code = new ArrayList<>();
  private final List<Reference> references = new ArrayList<>();
  private final List<Branch> branches = new ArrayList<>();
  private RandomGenerator random = new SplittableRandom(0);

  /** A branch at an instruction to the begin of a step. */
  private record Branch(int at, int step) {}

  private RandomProgram() {}

  /** A program with a step for each seed between its prologue and its epilogue. */
  static ProgramSpec of(List<Long> steps) {
    return new RandomProgram().build(steps);
  }

  private ProgramSpec build(List<Long> steps) {
    add(BPF_STX | BPF_MEM | BPF_DW, 10, 1, CONTEXT, 0);
    pointTo(1, STATE, 0);
    for (int i = 0; i < SCALARS.length; i++) {
      add(BPF_LDX | BPF_MEM | BPF_DW, SCALARS[i], 1, 8 * i, 0);
    }
    for (int slot = -64; slot < 0; slot += 8) {
      add(BPF_STX | BPF_MEM | BPF_DW, 10, scalar(), slot, 0);
    }
    List<Integer> begins = new ArrayList<>();
    for (int i = 0; i < steps.size(); i++) {
      begins.add(code.size());
      random = new SplittableRandom(steps.get(i));
      step(i, steps.size() - i - 1);
    }
    begins.add(code.size());
    for (Branch branch : branches) {
      Instruction old = code.get(branch.at);
      int offset = begins.get(branch.step) - branch.at - 1;
      code.set(branch.at, new Instruction(old.opcode(), old.dst(), old.src(), offset, old.imm()));
    }
    for (int i = 0; i < SCALARS.length; i++) {
      add(BPF_STX | BPF_MEM | BPF_DW, 1, SCALARS[i], REGISTERS_AT_END + 8 * i, 0);
    }
    add(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    return ProgramSpec.of("random", ProgramType.XDP, code)
        .withExpectedAttachType(AttachType.XDP)
        .withReferences(references);
  }

  /** One step; a branch skips at most {@code ahead} of those that follow. */
  private void step(int number, int ahead) {
    switch (random.nextInt(14)) {
      case 0, 1 -> branch(number, ahead);
      case 2 -> swap();
      case 3 -> stack();
      case 4 -> memory();
      case 5 -> atomic();
      case 6 -> extend();
      case 7 -> helper();
      default -> arithmetic();
    }
  }

  /** A helper's call; what it makes of the registers is set anew from the value. */
  private void helper() {
    switch (random.nextInt(6)) {
      case 0 -> lookup();
      case 1 -> update();
      case 2 -> packet(LOAD_BYTES);
      case 3 -> packet(STORE_BYTES);
      case 4 -> checksum();
      default -> {
        add(BPF_LDX | BPF_MEM | BPF_DW, 1, 10, CONTEXT, 0);
        call(BUFFER_LENGTH);
      }
    }
    pointTo(1, STATE, 0);
    for (int register = 2; register <= 5; register++) {
      add(BPF_LDX | BPF_MEM | BPF_DW, register, 1, 8 * random.nextInt(16), 0);
    }
  }

  /** Adds to an element and takes it, or leaves 0 where there is none. */
  private void lookup() {
    tableAndKey();
    call(LOOKUP);
    add(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3, 0);
    add(BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, number());
    add(BPF_STX | BPF_ATOMIC | BPF_DW, 0, 1, 8 * random.nextInt(2), BPF_ADD | BPF_FETCH);
    add(BPF_ALU64 | BPF_MOV | BPF_X, 0, 1, 0, 0);
  }

  private void update() {
    tableAndKey();
    add(BPF_ALU64 | BPF_MOV | BPF_X, 3, 10, 0, 0);
    add(BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, -64 + 8 * random.nextInt(7));
    add(BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, random.nextInt(4));
    call(UPDATE);
  }

  private void tableAndKey() {
    add(BPF_ST | BPF_MEM | BPF_W, 10, 0, KEY, random.nextInt(TABLE.maxEntries() + 1));
    pointTo(1, TABLE);
    add(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0);
    add(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, KEY);
  }

  /** Moves bytes between the packet and the value, some of them behind the packet's end. */
  private void packet(int helper) {
    int length = 1 + random.nextInt(16);
    pointTo(3, STATE, random.nextInt(REGISTERS_AT_END - length));
    add(BPF_LDX | BPF_MEM | BPF_DW, 1, 10, CONTEXT, 0);
    add(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, random.nextInt(PACKET_BYTES + 4));
    add(BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, length);
    call(helper);
  }

  private void checksum() {
    int from = 4 * random.nextInt(8);
    int to = 4 * (1 + random.nextInt(8));
    pointTo(1, STATE, 4 * random.nextInt(16));
    add(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, from);
    add(BPF_ALU64 | BPF_MOV | BPF_X, 3, 10, 0, 0);
    add(BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, -64);
    add(BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, to);
    add(BPF_ALU64 | BPF_MOV | BPF_K, 5, 0, 0, number());
    call(CHECKSUM);
  }

  private void call(int helper) {
    add(BPF_JMP | BPF_CALL, 0, 0, 0, helper);
  }

  private void pointTo(int register, MapSpec map, int offset) {
    references.add(new Reference.ToMapValue(code.size(), map.name(), offset));
    add(BPF_LD | BPF_IMM | BPF_DW, register, BPF_PSEUDO_MAP_VALUE, 0, 0);
    add(0, 0, 0, 0, 0);
  }

  private void pointTo(int register, MapSpec map) {
    references.add(new Reference.ToMap(code.size(), map.name()));
    add(BPF_LD | BPF_IMM | BPF_DW, register, BPF_PSEUDO_MAP_FD, 0, 0);
    add(0, 0, 0, 0, 0);
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

  private void branch(int number, int ahead) {
    int type = random.nextBoolean() ? BPF_JMP : BPF_JMP32;
    branches.add(new Branch(code.size(), number + 1 + random.nextInt(Math.min(ahead, 6) + 1)));
    if (random.nextBoolean()) {
      add(type | pick(COMPARISONS) | BPF_X, scalar(), scalar(), 0, 0);
    } else {
      add(type | pick(COMPARISONS) | BPF_K, scalar(), 0, 0, number());
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
    int operation = pick(ATOMICS);
    add(BPF_STX | BPF_ATOMIC | size, 1, scalar(), offset, operation);
    if (operation == BPF_CMPXCHG && size == BPF_W) {
      // Linux may leave R0's upper half as it was: see the page's known differences.
      add(BPF_ALU | BPF_MOV | BPF_X, 0, 0, 0, 0);
    }
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
