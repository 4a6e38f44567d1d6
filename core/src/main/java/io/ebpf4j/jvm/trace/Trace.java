package io.ebpf4j.jvm.trace;

import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import java.util.ArrayList;
import java.util.List;

/** The tracing side of a kernel: what its engine takes into its tables. */
public final class Trace implements AutoCloseable {
  private final List<ArgumentBlocks> memory = new ArrayList<>();

  /** Puts the tracing side's state on the CPUs of a machine. */
  public Trace(Machine machine) {
    for (Cpu cpu : machine.cpus()) {
      ArgumentBlocks blocks = new ArgumentBlocks();
      cpu.slots().set(ArgumentBlocks.SLOT, blocks);
      memory.add(blocks);
    }
  }

  /** The program types of the tracing side. */
  public List<ProgramKind> kinds() {
    return List.of(new RawTracepointKind(), new SyscallKind());
  }

  /** Frees the memory of arguments, when no program runs any more. */
  @Override
  public void close() {
    memory.forEach(ArgumentBlocks::close);
  }
}
