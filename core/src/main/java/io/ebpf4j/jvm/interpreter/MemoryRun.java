package io.ebpf4j.jvm.interpreter;

import io.ebpf4j.BpfException;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.helper.HelperNames;
import io.ebpf4j.jvm.helper.HelperTable;
import io.ebpf4j.jvm.helper.KfuncTable;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import java.util.Map;

/**
 * Instructions alone, without a kernel: R1 is the address of a block of memory, R2 its length. As
 * the conformance tests of RFC 9669 run a program; nothing is verified.
 *
 * @param returnValue R0
 * @param memory the block afterwards
 */
@SuppressWarnings("ArrayRecordComponent") // Memory is bytes; equality of runs is not asked for.
public record MemoryRun(long returnValue, byte[] memory) {
  private static final HelperTable HELPERS = HelperTable.general();
  private static final ContextLayout NO_CONTEXT = new ContextLayout("none", 0, 0, List.of());

  /**
   * Runs a program over a copy of {@code memory}, with the general helpers.
   *
   * @param budget instructions before it is stopped
   * @throws BpfException EINVAL where an instruction is malformed or a helper unknown
   * @throws ProgramFaultException where the program touches what is not its own, calls deeper than
   *     8 functions or runs for too long
   */
  public static MemoryRun of(List<Instruction> program, byte[] memory, long budget) {
    try (Repeated runs = new Repeated(program, memory.length, budget)) {
      return runs.over(memory);
    }
  }

  /** A program that runs over one block of memory after another. For one thread. */
  public static final class Repeated implements AutoCloseable {
    private final Code code;
    private final Machine machine = new Machine(1, Clock.system(), 0);
    private final Block block;

    /**
     * Prepares a program.
     *
     * @param bytes of memory
     * @param budget instructions before a run is stopped
     * @throws BpfException EINVAL where an instruction is malformed or a helper unknown
     */
    public Repeated(List<Instruction> program, int bytes, long budget) {
      this.code = decode(program, budget);
      this.block = Block.allocate(bytes, Long.BYTES);
    }

    /**
     * Runs it over a copy of {@code memory}.
     *
     * @throws ProgramFaultException as {@link MemoryRun#of}
     */
    public MemoryRun over(byte[] memory) {
      Memory.copy(memory, 0, block.address(), memory.length);
      Cpu cpu = machine.cpus().getFirst();
      cpu.enter();
      try {
        long result = Run.on(cpu).startOnMemory(code, block.address(), memory.length);
        byte[] after = new byte[memory.length];
        Memory.copy(block.address(), after, 0, after.length);
        return new MemoryRun(result, after);
      } finally {
        cpu.exit();
      }
    }

    @Override
    public void close() {
      machine.close();
      block.close();
    }
  }

  private static Code decode(List<Instruction> program, long budget) {
    ProgramSpec spec = ProgramSpec.of("", ProgramType.UNSPEC, program);
    Code.Source source =
        new Code.Source(
            spec,
            program,
            Map.of(),
            (slot, id) ->
                HELPERS
                    .find(id, ProgramType.UNSPEC)
                    .orElseThrow(() ->
                        new BpfException(
                            Errno.EINVAL,
                            "%s: helper %s is not part of a run without a kernel"
                                .formatted(
                                    Location.of(spec, slot),
                                    HelperNames.nameOf(id).orElse("" + id)))),
            KfuncTable.NONE,
            NO_CONTEXT,
            null,
            List.of(),
            budget);
    return Code.decode(source, new Nothing());
  }

  /** Keeps nothing: no function outlives a run without a kernel. */
  private static final class Nothing extends Counted {
    @Override
    protected void free() {}
  }
}
