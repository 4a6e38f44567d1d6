package io.ebpf4j.jvm.net;

import io.ebpf4j.BpfException;
import io.ebpf4j.Link;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.ProgramLink;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.map.Cgroup;
import io.ebpf4j.jvm.map.CgroupTree;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import org.jspecify.annotations.Nullable;

/** A program attached to a control group, beside those that are there already. */
final class CgroupLink extends ProgramLink {
  /** BPF_LINK_TYPE_CGROUP. */
  private static final int TYPE = 3;

  private final Machine machine;
  private LoadedProgram program;
  private @Nullable Cgroup group;

  CgroupLink(int id, Machine machine, LoadedProgram program, Cgroup group) {
    super(id);
    this.machine = machine;
    this.program = program;
    this.group = group;
    program.retain();
    group.retain();
    group.programs().add(attachType(program.spec()), program);
    machine.slots().get(CgroupTree.SLOT).attached(1);
  }

  private static AttachType attachType(ProgramSpec spec) {
    AttachType type = spec.expectedAttachType();
    return type == null ? AttachType.CGROUP_INET_INGRESS : type;
  }

  @Override
  public synchronized Link.Info info() {
    return new Link.Info(id(), TYPE, program.id(), 0);
  }

  @Override
  public synchronized void update(LoadedProgram next, @Nullable LoadedProgram expected) {
    Cgroup on = group;
    if (on == null) {
      throw new BpfException(Errno.ENOLINK, this + " is attached to nothing any more");
    }
    if (expected != null && expected != program) {
      throw new BpfException(Errno.EPERM, "%s has %s, not %s".formatted(this, program, expected));
    }
    if (next.spec().type() != program.spec().type()
        || attachType(next.spec()) != attachType(program.spec())) {
      throw new BpfException(
          Errno.EINVAL, "%s is of another type than the program of %s".formatted(next, this));
    }
    next.retain();
    on.programs().replace(attachType(program.spec()), program, next);
    LoadedProgram previous = program;
    program = next;
    machine.rcu().call(previous::release);
  }

  @Override
  public synchronized void detach() {
    Cgroup on = group;
    if (on != null) {
      group = null;
      on.programs().remove(attachType(program.spec()), program);
      machine.slots().get(CgroupTree.SLOT).attached(-1);
      on.release();
    }
  }

  @Override
  protected void free() {
    detach();
    LoadedProgram last;
    synchronized (this) {
      last = program;
    }
    machine.rcu().call(last::release);
  }
}
