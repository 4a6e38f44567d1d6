package io.ebpf4j.conformance;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.spec.ProgramSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** Changes a program in one to three places: another register, number, width, operation, order. */
final class ProgramMutation {
  private static final int[] NUMBERS = {
    0,
    1,
    -1,
    2,
    4,
    7,
    8,
    9,
    16,
    31,
    32,
    63,
    64,
    65,
    127,
    128,
    255,
    256,
    0xffff,
    65536,
    -8,
    -16,
    -64,
    -512,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    1 << 29,
    1 << 30
  };

  private static final int[] COMPARISONS = {
    Isa.BPF_JEQ,
    Isa.BPF_JGT,
    Isa.BPF_JGE,
    Isa.BPF_JSET,
    Isa.BPF_JNE,
    Isa.BPF_JSGT,
    Isa.BPF_JSGE,
    Isa.BPF_JLT,
    Isa.BPF_JLE,
    Isa.BPF_JSLT,
    Isa.BPF_JSLE
  };

  private final RandomGenerator random;

  private ProgramMutation(RandomGenerator random) {
    this.random = random;
  }

  /** A case like the given one. */
  static VerdictCase of(RandomGenerator random, VerdictCase from) {
    ProgramMutation mutation = new ProgramMutation(random);
    ProgramSpec program = from.program();
    for (int times = 1 + random.nextInt(3); times > 0; times--) {
      program = mutation.change(program);
    }
    return from.with(program);
  }

  private ProgramSpec change(ProgramSpec program) {
    List<Instruction> all = program.instructions();
    if (all.isEmpty()) {
      return program;
    }
    int slot = random.nextInt(Math.max(1, all.size() - 1));
    boolean half = slot > 0 && all.get(slot - 1).isWide();
    if (half || all.get(slot).isWide()) {
      return program;
    }
    if (random.nextInt(8) == 0) {
      Optional<ProgramSpec> fewer = ProgramEdit.without(program, slot, 1);
      return fewer.filter(p -> !p.instructions().isEmpty()).orElse(program);
    }
    List<Instruction> changed = new ArrayList<>(all);
    if (random.nextInt(8) == 0 && slot + 1 < all.size() && !all.get(slot + 1).isWide()) {
      changed.set(slot, all.get(slot + 1));
      changed.set(slot + 1, all.get(slot));
    } else {
      changed.set(slot, change(all.get(slot)));
    }
    return program.withInstructions(changed);
  }

  private Instruction change(Instruction i) {
    boolean register = (i.opcode() & Isa.BPF_X) != 0;
    return switch (i.opcode() & 0x07) {
      case Isa.BPF_ALU, Isa.BPF_ALU64 -> arithmetic(i, register);
      case Isa.BPF_JMP, Isa.BPF_JMP32 -> jump(i, register);
      default -> memory(i);
    };
  }

  private Instruction arithmetic(Instruction i, boolean register) {
    return switch (random.nextInt(7)) {
      case 0 -> withOpcode(i, i.opcode() ^ 0x03);
      case 1 -> withOpcode(i, (i.opcode() & 0x0f) | operation());
      case 2 -> flipped(i, register);
      case 3 -> withRegisters(i, random.nextInt(11), i.src());
      case 4 -> random.nextInt(8) == 0 ? i.withOffset(1) : i;
      default -> operand(i, register);
    };
  }

  private Instruction jump(Instruction i, boolean register) {
    int operation = i.opcode() & 0xf0;
    if (operation == Isa.BPF_CALL) {
      return i.withImm(i.imm() + random.nextInt(3) - 1);
    }
    if (operation == Isa.BPF_EXIT || operation == Isa.BPF_JCOND) {
      return i;
    }
    if (operation == Isa.BPF_JA) {
      return i.withOffset((short) (i.offset() + random.nextInt(3) - 1));
    }
    return switch (random.nextInt(7)) {
      case 0 -> withOpcode(i, i.opcode() ^ 0x03);
      case 1, 2 -> withOpcode(i, (i.opcode() & 0x0f) | COMPARISONS[random.nextInt(11)]);
      case 3 -> flipped(i, register);
      case 4 -> withRegisters(i, random.nextInt(11), i.src());
      case 5 -> i.withOffset((short) (i.offset() + random.nextInt(3) - 1));
      default -> operand(i, register);
    };
  }

  private Instruction memory(Instruction i) {
    boolean stores = (i.opcode() & 0x07) == Isa.BPF_ST;
    return switch (random.nextInt(7)) {
      case 0, 1, 2 -> i.withOffset((short) offset(i.offset()));
      case 3 -> withOpcode(i, (i.opcode() & ~0x18) | random.nextInt(4) << 3);
      case 4 -> withRegisters(i, random.nextInt(11), i.src());
      case 5 -> stores ? i.withImm(number(i.imm())) : i.withSrc(random.nextInt(11));
      default -> stores ? i : i.withSrc(random.nextInt(11));
    };
  }

  private Instruction operand(Instruction i, boolean register) {
    return register ? i.withSrc(random.nextInt(11)) : i.withImm(number(i.imm()));
  }

  /** A register in the place of the number, or the other way round. */
  private Instruction flipped(Instruction i, boolean register) {
    Instruction other = withOpcode(i, i.opcode() ^ Isa.BPF_X);
    return register
        ? other.withSrc(0).withImm(number(0))
        : other.withSrc(random.nextInt(11)).withImm(0);
  }

  private int operation() {
    int operation = random.nextInt(12);
    return (operation == 8 ? 12 : operation) << 4;
  }

  private int number(int old) {
    return switch (random.nextInt(4)) {
      case 0 -> old + random.nextInt(-2, 3);
      case 1 -> random.nextBoolean() ? old * 2 : -old;
      case 2 -> random.nextInt(-16, 80);
      default -> NUMBERS[random.nextInt(NUMBERS.length)];
    };
  }

  private int offset(int old) {
    return switch (random.nextInt(3)) {
      case 0 -> old + random.nextInt(-2, 3);
      case 1 -> old + 8 * random.nextInt(-2, 3);
      default -> random.nextInt(-80, 80);
    };
  }

  private static Instruction withRegisters(Instruction i, int dst, int src) {
    return new Instruction(i.opcode(), dst, src, i.offset(), i.imm());
  }

  private static Instruction withOpcode(Instruction i, int opcode) {
    return new Instruction(opcode & 0xff, i.dst(), i.src(), i.offset(), i.imm());
  }
}
