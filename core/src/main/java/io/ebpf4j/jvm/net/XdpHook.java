package io.ebpf4j.jvm.net;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.context.Hook;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.ProgramLink;
import io.ebpf4j.jvm.memory.Rcu;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramType;

/** The receive path of the kernel's devices, where XDP programs are attached. */
final class XdpHook implements Hook {
  private final NetDevices devices;
  private final Rcu rcu;

  XdpHook(NetDevices devices, Rcu rcu) {
    this.devices = devices;
    this.rcu = rcu;
  }

  @Override
  public boolean takes(Attachment to) {
    return to instanceof Attachment.Xdp;
  }

  @Override
  public ProgramLink attach(LoadedProgram program, Attachment to, int id) {
    Attachment.Xdp place = (Attachment.Xdp) to;
    if (program.spec().type() != ProgramType.XDP) {
      throw new BpfException(
          Errno.EINVAL,
          "%s is of type %s, a device takes XDP".formatted(program, program.spec().type()));
    }
    AttachType loadedFor = program.spec().expectedAttachType();
    NetDevice device =
        devices
            .find(place.ifindex())
            .orElseThrow(() ->
                new BpfException(Errno.EINVAL, "there is no network device " + place.ifindex()));
    if (loadedFor == AttachType.XDP_DEVMAP || loadedFor == AttachType.XDP_CPUMAP) {
      throw new BpfException(
          Errno.EINVAL,
          "%s is loaded for %s: it goes into such a map, not on a device"
              .formatted(program, loadedFor));
    }
    return XdpLink.attach(id, rcu, program, device, place.mode());
  }
}
