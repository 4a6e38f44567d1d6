package io.ebpf4j.jvm.compiler;

import io.ebpf4j.isa.Instruction;
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

/**
 * Runs a long program in a JVM of its own until HotSpot has had its time, and says {@code agrees}
 * where its first run gave what the interpreter gives.
 */
final class LongProgramRun {
  private LongProgramRun() {}

  /**
   * Runs.
   *
   * @param arguments {@code long} or {@code loads}; instructions or loads; the way to raw memory;
   *     bytes of a part; how often to run
   */
  public static void main(String[] arguments) {
    int size = Integer.parseInt(arguments[1]);
    List<Instruction> program =
        arguments[0].equals("long") ? LongProgram.of(size) : LongProgram.ofLoads(size);
    byte[] memory = new byte[LongProgram.MEMORY];
    new java.util.Random(1).nextBytes(memory);
    Compiler.Source source =
        new Compiler.Source(
            ProgramSpec.of("hot", ProgramType.XDP, program),
            program,
            (_, id) -> {
              throw new IllegalArgumentException("no helper " + id);
            },
            KfuncTable.NONE,
            new ContextLayout("none", 0, 0, List.of()),
            null,
            List.of(),
            new PlainFacts(program));
    Compiler.Options options =
        new Compiler.Options(RawAccess.valueOf(arguments[2]), Integer.parseInt(arguments[3]));
    try (Machine machine = new Machine(1, Clock.fixed(0), 1);
        Compiler.Compiled compiled = Compiler.compile(source, options);
        Block block = Block.allocate(memory.length, Long.BYTES)) {
      Memory.copy(memory, 0, block.address(), memory.length);
      Cpu cpu = machine.cpus().getFirst();
      cpu.enter();
      long r0 = compiled.program().run(block.address(), CompiledRun.stackEnd(cpu), cpu);
      MemoryRun expected = MemoryRun.of(program, memory, 10_000_000);
      System.out.println(r0 == expected.returnValue() ? "agrees" : "differs");
      System.out.println("parts " + compiled.parts());
      for (int runs = 0; runs < Integer.parseInt(arguments[4]); runs += 50) {
        compiled.program().repeat(block.address(), CompiledRun.stackEnd(cpu), cpu, 50);
      }
      cpu.exit();
    }
  }
}
