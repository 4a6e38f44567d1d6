package io.ebpf4j.jvm.socket;

import io.ebpf4j.BpfException;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.context.Sleepable;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;

/**
 * Programs that choose the socket of a packet or a connection. They are attached by a socket option
 * and, as on Linux, have no test run.
 */
final class ReuseportProgramKind implements ProgramKind {
  ReuseportProgramKind() {}

  /** Whether the group's program is asked where connections of a closing listener go. */
  static boolean migrates(ReuseportGroup group) {
    LoadedProgram program = group.program();
    return program != null && migrates(program.spec());
  }

  static boolean migrates(ProgramSpec program) {
    return program.type() == ProgramType.SK_REUSEPORT
        && program.expectedAttachType() == AttachType.SK_REUSEPORT_SELECT_OR_MIGRATE;
  }

  @Override
  public ProgramType type() {
    return ProgramType.SK_REUSEPORT;
  }

  @Override
  public ContextLayout context(ProgramSpec program) {
    return ReuseportContext.LAYOUT;
  }

  @Override
  public void check(ProgramSpec program) {
    Sleepable.refuse(program);
    AttachType attachType = program.expectedAttachType();
    if (attachType != null
        && attachType != AttachType.CGROUP_INET_INGRESS
        && attachType != AttachType.SK_REUSEPORT_SELECT
        && attachType != AttachType.SK_REUSEPORT_SELECT_OR_MIGRATE) {
      throw new BpfException(
          Errno.EINVAL,
          "program %s of type SK_REUSEPORT is not loaded for %s"
              .formatted(program.name(), attachType));
    }
  }

  @Override
  public TestRun.Result testRun(LoadedProgram program, Machine machine, TestRun run) {
    throw new BpfException(
        Errno.ENOTSUPP, "programs of type SK_REUSEPORT have no test run: attach it to a socket");
  }
}
