package io.ebpf4j.jvm.interpreter;

import static io.ebpf4j.isa.Isa.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfException;
import io.ebpf4j.isa.Instruction;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever the instructions are, a run ends: with R0, or with a sentence. */
class InterpreterFuzzTest {
  private static final long BUDGET = 20_000;
  private static final int[] HELPERS = {5, 6, 7, 8, 12, 28, 42, 105, 118, 125, 165, 177, 181, 182};

  @Test
  void randomBytesAreRefusedOrRun() {
    Random random = new Random(1);
    for (int i = 0; i < 3_000; i++) {
      byte[] bytes = new byte[8 * (1 + random.nextInt(20))];
      random.nextBytes(bytes);
      tryToRun(Instruction.decode(bytes));
    }
  }

  @Test
  void randomProgramsOfKnownInstructionsEnd() {
    Random random = new Random(2);
    int ended = 0;
    int programs = 3_000;
    for (int i = 0; i < programs; i++) {
      ended += tryToRun(program(random)) ? 1 : 0;
    }
    // Most stray sooner or later; that many that end on their own show that much was run.
    assertThat(ended).isGreaterThan(programs / 100);
  }

  /** Whether it ended on its own. Anything but a BpfException fails the test. */
  private static boolean tryToRun(List<Instruction> program) {
    try {
      MemoryRun.of(program, new byte[64], BUDGET);
      return true;
    } catch (BpfException e) {
      assertThat(e.getMessage()).isNotEmpty();
      return false;
    }
  }

  private static List<Instruction> program(Random random) {
    int count = 4 + random.nextInt(30);
    List<Instruction> program = new ArrayList<>();
    while (program.size() < count) {
      add(program, random, count);
    }
    program.add(new Instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
    return program;
  }

  private static void add(List<Instruction> program, Random random, int count) {
    int dst = random.nextInt(10);
    int src = random.nextInt(11);
    int imm = random.nextInt(8) == 0 ? random.nextInt() : random.nextInt(32);
    int jump = random.nextInt(count) - program.size();
    int size = random.nextInt(4) << 3;
    int near = -64 + random.nextInt(80);
    int arithmetic = random.nextInt(13) << 4;
    switch (random.nextInt(12)) {
      case 0, 1, 2 -> {
        boolean register = random.nextBoolean() && arithmetic != BPF_NEG;
        int type = random.nextBoolean() ? BPF_ALU64 : BPF_ALU;
        program.add(new Instruction(type | arithmetic | (register ? BPF_X : 0), dst, src, 0, imm));
      }
      case 3, 4 -> {
        int comparison = (1 + random.nextInt(7)) << 4;
        program.add(new Instruction(BPF_JMP | comparison, dst, 0, jump, imm));
      }
      case 5 -> program.add(new Instruction(BPF_LDX | BPF_MEM | size, dst, 10, near, 0));
      case 6 -> program.add(new Instruction(BPF_STX | BPF_MEM | size, 10, src, near, 0));
      case 7 -> program.add(new Instruction(BPF_LDX | BPF_MEM | size, dst, 1, near, 0));
      case 8 -> program.add(new Instruction(BPF_STX | BPF_ATOMIC | BPF_DW, 10, dst, near, BPF_ADD));
      case 9 ->
          program.add(
              new Instruction(
                  BPF_JMP | BPF_CALL, 0, 0, 0, HELPERS[random.nextInt(HELPERS.length)]));
      case 10 -> program.add(new Instruction(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, jump));
      default -> {
        int kind = random.nextBoolean() ? BPF_PSEUDO_FUNC : 0;
        program.add(
            new Instruction(BPF_LD | BPF_IMM | BPF_DW, dst, kind, 0, kind == 0 ? imm : jump));
        program.add(new Instruction(0, 0, 0, 0, 0));
      }
    }
  }
}
