package io.ebpf4j.jvm.trace;

import io.ebpf4j.BpfException;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.context.Repetition;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;

/**
 * Programs that a user calls by a test run and by nothing else. Their context is memory of the
 * user's, up to 65,535 bytes, which the user gets back as the program left it.
 */
final class SyscallKind implements ProgramKind {
  private static final ContextLayout LAYOUT =
      ArgumentBlocks.layout("bpf_syscall_ctx", ArgumentBlocks.MAX_BYTES, true);

  @Override
  public ProgramType type() {
    return ProgramType.SYSCALL;
  }

  @Override
  public ContextLayout context(ProgramSpec program) {
    return LAYOUT;
  }

  @Override
  public void check(ProgramSpec program) {
    AttachType attachType = program.expectedAttachType();
    if (attachType != null && attachType.id() != 0) {
      throw new BpfException(
          Errno.EINVAL,
          "program %s is of type syscall, which has no expected attach type, not even %s"
              .formatted(program.name(), attachType));
    }
    if (!program.sleepable()) {
      throw new BpfException(
          Errno.EINVAL,
          "program %s is of type syscall and must be sleepable".formatted(program.name()));
    }
  }

  @Override
  public TestRun.Result testRun(LoadedProgram program, Machine machine, TestRun run) {
    ArgumentBlocks.check(program, run, LAYOUT.visibleSize());
    if (run.flags() != 0) {
      throw new BpfException(
          Errno.EINVAL,
          "a test run of type syscall takes no flags, not 0x%x".formatted(run.flags()));
    }
    byte[] given = run.context();
    Cpu cpu = Repetition.enterCpu(machine, run.cpu());
    try {
      byte[] context = given == null ? new byte[0] : given.clone();
      int value = cpu.slots().get(ArgumentBlocks.SLOT).run(cpu, program, context);
      return new TestRun.Result(value, new byte[0], context, 0);
    } finally {
      cpu.exit();
    }
  }
}
