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
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is compiled gives what the interpreter gives. */
class CompilerTest {
  private static final int PROGRAMS = 300;
  private static final long BUDGET = 1_000_000;

  private final Machine machine = new Machine(1, Clock.fixed(0), 1);
  private final Cpu cpu = machine.cpus().getFirst();

  @AfterEach
  void close() {
    machine.close();
  }

  @ParameterizedTest
  @CsvSource({"HOST, 7000", "WRAPPED, 7000", "HOST, 300", "WRAPPED, 100"})
  void randomProgramsGiveWhatTheInterpreterGives(String way, int partBytes) {
    RawAccess access = way.equals("HOST") ? Compiler.Options.HOST.access() : RawAccess.valueOf(way);
    Random random = new Random(partBytes);
    for (int i = 0; i < PROGRAMS; i++) {
      List<Instruction> program = RandomProgram.of(random);
      byte[] memory = new byte[RandomProgram.BLOCK];
      random.nextBytes(memory);
      assertThat(compiled(program, memory, new Compiler.Options(access, partBytes)))
          .as(() -> String.join("\n", new Disassembler(InstructionNames.NONE).lines(program)))
          .usingRecursiveComparison()
          .isEqualTo(MemoryRun.of(program, memory, BUDGET));
    }
  }

  private MemoryRun compiled(List<Instruction> program, byte[] memory, Compiler.Options options) {
    Compiler.Source source =
        new Compiler.Source(
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
    try (Compiler.Compiled compiled = Compiler.compile(source, options);
        Block block = Block.allocate(memory.length, Long.BYTES)) {
      Memory.copy(memory, 0, block.address(), memory.length);
      cpu.enter();
      try {
        long r0 = compiled.program().run(block.address(), CompiledRun.stackEnd(cpu), cpu);
        byte[] after = new byte[memory.length];
        Memory.copy(block.address(), after, 0, after.length);
        return new MemoryRun(r0, after);
      } finally {
        cpu.exit();
      }
    }
  }
}
