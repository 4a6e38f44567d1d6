package io.ebpf4j.jvm.net;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.context.Hook;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.ProgramLink;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.map.Cgroup;
import io.ebpf4j.jvm.map.CgroupTree;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramType;

/** Control groups, where programs are attached that see their sockets' packets. */
final class CgroupHook implements Hook {
  private final Machine machine;

  CgroupHook(Machine machine) {
    this.machine = machine;
  }

  @Override
  public boolean takes(Attachment to) {
    return to instanceof Attachment.Cgroup;
  }

  @Override
  public ProgramLink attach(LoadedProgram program, Attachment to, int id) {
    if (program.spec().type() != ProgramType.CGROUP_SKB) {
      throw new BpfException(
          Errno.EINVAL,
          "%s is of type %s, of which none is attached to a control group"
              .formatted(program, program.spec().type()));
    }
    Cgroup group = machine.slots().get(CgroupTree.SLOT).hold(((Attachment.Cgroup) to).path());
    try {
      return new CgroupLink(id, machine, program, group);
    } finally {
      group.release();
    }
  }
}
