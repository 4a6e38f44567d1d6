package io.ebpf4j.jvm.trace;

import io.ebpf4j.BpfException;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.context.Repetition;
import io.ebpf4j.jvm.context.Sleepable;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;

/**
 * Raw tracepoint programs. Their context is up to twelve u64 arguments; a test run takes them, runs
 * once, and gives the return value alone.
 */
final class RawTracepointKind implements ProgramKind {
  /** BPF_F_TEST_RUN_ON_CPU of the UAPI header; other flags are not looked at, as on Linux. */
  static final int ON_CPU = 1;

  private static final int MAX_ARGUMENTS = 12;
  private static final ContextLayout LAYOUT =
      ArgumentBlocks.layout("bpf_raw_tracepoint_args", MAX_ARGUMENTS * Long.BYTES, false);

  @Override
  public ProgramType type() {
    return ProgramType.RAW_TRACEPOINT;
  }

  @Override
  public ContextLayout context(ProgramSpec program) {
    return LAYOUT;
  }

  @Override
  public void check(ProgramSpec program) {
    Sleepable.refuse(program);
  }

  @Override
  public TestRun.Result testRun(LoadedProgram program, Machine machine, TestRun run) {
    ArgumentBlocks.check(program, run, LAYOUT.visibleSize());
    refuseCpu(machine, run);
    byte[] given = run.context();
    Cpu cpu = Repetition.enterCpu(machine, run.cpu());
    try {
      byte[] arguments = given == null ? new byte[0] : given.clone();
      int value = cpu.slots().get(ArgumentBlocks.SLOT).run(cpu, program, arguments);
      return new TestRun.Result(value, new byte[0], new byte[0], 0);
    } finally {
      cpu.exit();
    }
  }

  private static void refuseCpu(Machine machine, TestRun run) {
    if ((run.flags() & ON_CPU) == 0) {
      if (run.cpu() > 0) {
        throw new BpfException(
            Errno.EINVAL, "CPU %d is asked for without BPF_F_TEST_RUN_ON_CPU".formatted(run.cpu()));
      }
    } else if (run.cpu() < 0 || run.cpu() >= machine.cpus().size()) {
      throw new BpfException(
          Errno.ENXIO,
          "there is no CPU %d, this kernel has %d".formatted(run.cpu(), machine.cpus().size()));
    }
  }
}
