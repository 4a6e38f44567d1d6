package io.ebpf4j.jvm.net;

import io.ebpf4j.BpfException;
import io.ebpf4j.Link;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.ProgramLink;
import io.ebpf4j.jvm.memory.Rcu;
import io.ebpf4j.spec.Attachment.XdpMode;
import io.ebpf4j.spec.Errno;
import org.jspecify.annotations.Nullable;

/** An XDP program attached to a device. */
final class XdpLink extends ProgramLink {
  /** BPF_LINK_TYPE_XDP. */
  private static final int TYPE = 6;

  private final Rcu rcu;
  private @Nullable NetDevice device;
  private LoadedProgram program;
  private XdpMode mode = XdpMode.ANY;

  private XdpLink(int id, Rcu rcu, LoadedProgram program, NetDevice device) {
    super(id);
    this.rcu = rcu;
    this.program = program;
    this.device = device;
  }

  /** Attaches a program, which the link holds. */
  static XdpLink attach(int id, Rcu rcu, LoadedProgram program, NetDevice device, XdpMode mode) {
    program.retain();
    XdpLink link = new XdpLink(id, rcu, program, device);
    try {
      device.xdp().attach(link, mode);
    } catch (RuntimeException refused) {
      program.release();
      throw refused;
    }
    return link;
  }

  LoadedProgram program() {
    return program;
  }

  XdpMode mode() {
    return mode;
  }

  /** Notes the mode that it got. */
  void attached(XdpMode as) {
    mode = as;
  }

  @Override
  public synchronized Link.Info info() {
    return new Link.Info(id(), TYPE, program.id(), device == null ? 0 : device.ifindex());
  }

  @Override
  public synchronized void update(LoadedProgram next, @Nullable LoadedProgram expected) {
    NetDevice on = device;
    if (on == null) {
      throw new BpfException(Errno.ENOLINK, this + " is attached to nothing any more");
    }
    if (expected != null && expected != program) {
      throw new BpfException(Errno.EPERM, "%s has %s, not %s".formatted(this, program, expected));
    }
    if (next == program) {
      return;
    }
    if (next.spec().type() != program.spec().type()
        || next.spec().expectedAttachType() != program.spec().expectedAttachType()) {
      throw new BpfException(
          Errno.EINVAL, "%s is of another type than the program of %s".formatted(next, this));
    }
    next.retain();
    try {
      on.xdp().replace(this, next);
    } catch (RuntimeException refused) {
      next.release();
      throw refused;
    }
    LoadedProgram previous = program;
    program = next;
    rcu.call(previous::release);
  }

  @Override
  public synchronized void detach() {
    NetDevice on = device;
    if (on != null) {
      on.xdp().detach(this);
      device = null;
    }
  }

  @Override
  protected void free() {
    detach();
    rcu.call(program::release);
  }
}
