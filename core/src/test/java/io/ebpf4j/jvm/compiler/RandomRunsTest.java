package io.ebpf4j.jvm.compiler;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.isa.Disassembler;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.InstructionNames;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.helper.KfuncTable;
import io.ebpf4j.jvm.interpreter.MemoryRun;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random programs, each run over so many random blocks of memory that HotSpot compiles it on the
 * way. The system properties {@code ebpf4j.random.runs} and {@code ebpf4j.random.seed} ask for more
 * runs and for others; the number of runs done is printed where it was asked for.
 */
class RandomRunsTest {
  private static final int RUNS_OF_A_PROGRAM = 4000;
  private static final long RUNS = Long.getLong("ebpf4j.random.runs", 40_000);
  private static final long SEED = Long.getLong("ebpf4j.random.seed", 5);

  @Test
  void compiledAndInterpretedRunsAgree() {
    Random random = new Random(SEED);
    long runs = 0;
    long nextReport = 1_000_000;
    while (runs < RUNS) {
      compare(RandomProgram.of(random), random);
      runs += RUNS_OF_A_PROGRAM;
      if (runs >= nextReport) {
        System.out.printf("%,d random runs agree, seed %d%n", runs, SEED);
        nextReport += 1_000_000;
      }
    }
  }

  private static void compare(List<Instruction> program, Random random) {
    Compiler.Options options =
        new Compiler.Options(Compiler.Options.HOST.access(), random.nextInt(8) == 0 ? 300 : 7000);
    byte[] memory = new byte[RandomProgram.BLOCK];
    try (Compiler.Compiled compiled = Compiler.compile(source(program), options);
        Machine machine = new Machine(1, Clock.fixed(0), 1);
        MemoryRun.Repeated interpreted = new MemoryRun.Repeated(program, memory.length, 1_000_000);
        Block block = Block.allocate(memory.length, Long.BYTES)) {
      Cpu cpu = machine.cpus().getFirst();
      byte[] after = new byte[memory.length];
      cpu.enter();
      try {
        for (int run = 0; run < RUNS_OF_A_PROGRAM; run++) {
          random.nextBytes(memory);
          Memory.copy(memory, 0, block.address(), memory.length);
          long r0 = compiled.program().run(block.address(), CompiledRun.stackEnd(cpu), cpu);
          Memory.copy(block.address(), after, 0, after.length);
          MemoryRun expected = interpreted.over(memory);
          if (r0 != expected.returnValue() || !Arrays.equals(after, expected.memory())) {
            assertThat(new MemoryRun(r0, after))
                .as(() ->
                    "run %d of%n%s"
                        .formatted(
                            SEED,
                            String.join(
                                "\n", new Disassembler(InstructionNames.NONE).lines(program))))
                .usingRecursiveComparison()
                .isEqualTo(expected);
          }
        }
      } finally {
        cpu.exit();
      }
    }
  }

  private static Compiler.Source source(List<Instruction> program) {
    return new Compiler.Source(
        ProgramSpec.of("random", ProgramType.XDP, program),
        program,
        (_, id) -> {
          throw new IllegalArgumentException("no helper " + id);
        },
        KfuncTable.NONE,
        new ContextLayout("none", 0, 0, List.of()),
        null,
        List.of(),
        new PlainFacts(program));
  }
}
