package io.ebpf4j.conformance;

import io.ebpf4j.isa.Disassembler;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.InstructionNames;
import java.util.List;
import java.util.SplittableRandom;

/** Programs drawn from seeds: half of them made up, half cases of the corpus with changes. */
final class RandomVerdicts {
  private static final int MOST_STEPS = 22;
  private static final int LONG_PROGRAM = 500;
  private static final int MANY_TIMES = 1000;

  private final List<VerdictCase> corpus =
      VerdictCorpus.read().stream()
          .flatMap(group -> group.cases().stream())
          .filter(RandomVerdicts::isQuick)
          .toList();

  VerdictCase draw(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return random.nextBoolean()
        ? RandomPointerProgram.of(random, 2 + random.nextInt(MOST_STEPS - 2))
        : ProgramMutation.of(random, corpus.get(random.nextInt(corpus.size())));
  }

  /** Whether neither the program nor, as it seems, the walk through it is long. */
  private static boolean isQuick(VerdictCase of) {
    List<Instruction> instructions = of.program().instructions();
    return instructions.size() < LONG_PROGRAM
        && instructions.stream()
            .noneMatch(i -> i.offset() < 0 && i.imm() >= MANY_TIMES && i.opcode() % 8 > 4);
  }

  /** The program's text. */
  static String text(VerdictCase of) {
    return String.join(
        "\n", new Disassembler(InstructionNames.NONE).lines(of.program().instructions()));
  }
}
