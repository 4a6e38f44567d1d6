package io.ebpf4j.jvm.net;

import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.jvm.context.Hook;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.helper.Dynptr;
import io.ebpf4j.jvm.map.MapKind;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramType;
import java.util.ArrayList;
import java.util.List;

/** The packet side of a kernel: what its engine takes into its tables. */
public final class Net implements AutoCloseable {
  private final List<PacketBuffer> memory = new ArrayList<>();
  private final List<ProgramKind> kinds;
  private final FramePool pool = new FramePool();
  private final NetDevices devices;
  private final Machine machine;

  /** Puts the packet side's state on the CPUs of a machine. */
  public Net(Machine machine) {
    this.machine = machine;
    List<SoftNet> nets = new ArrayList<>();
    for (Cpu cpu : machine.cpus()) {
      SoftNet net = new SoftNet(cpu, pool.newCache());
      cpu.slots().set(SoftNet.SLOT, net);
      nets.add(net);
      cpu.slots().set(XdpProgramKind.BUFFERS, keep(new XdpProgramKind.Buffers()));
      cpu.slots().set(SkBuffProgramKind.BUFFERS, keep(new SkBuffProgramKind.Buffers()));
      cpu.slots().set(Dynptr.PACKETS, DynptrPackets.packets(cpu));
      cpu.slots().set(PacketSampleHelpers.PACKETS, new PacketSampleHelpers.Packets());
    }
    devices = new NetDevices(machine, pool, nets);
    machine.slots().set(XdpRouteHelpers.DEVICES, devices);
    kinds =
        List.of(
            new XdpProgramKind(devices),
            new SkBuffProgramKind(ProgramType.SOCKET_FILTER, devices),
            new SkBuffProgramKind(ProgramType.CGROUP_SKB, devices),
            new SkBuffProgramKind(ProgramType.SCHED_CLS, devices),
            new SkBuffProgramKind(ProgramType.SCHED_ACT, devices));
  }

  /** The program types of packets. */
  public List<ProgramKind> kinds() {
    return kinds;
  }

  /** The network devices. */
  public NetDevices devices() {
    return devices;
  }

  /** Where programs are attached. */
  public List<Hook> hooks() {
    return List.of(new XdpHook(devices, machine.rcu()), new CgroupHook(machine));
  }

  /** The map types of packets. */
  public List<MapKind> mapKinds() {
    return List.of(
        new DeviceMapKind(MapType.DEVMAP, devices),
        new DeviceMapKind(MapType.DEVMAP_HASH, devices),
        new CpuMap.Kind(devices),
        new XskMap.Kind(devices));
  }

  /** The classes whose methods are the packet helpers. */
  public static List<Class<?>> helpers() {
    return List.of(
        XdpHelpers.class,
        XdpRedirectHelpers.class,
        XdpRouteHelpers.class,
        SkBuffHelpers.class,
        SkBuffChecksumHelpers.class,
        SkBuffCgroupHelpers.class,
        SkBuffSocketHelpers.class,
        PacketSampleHelpers.class);
  }

  /** The classes whose methods are the packet side's kernel functions. */
  public static List<Class<?>> kfuncs() {
    return List.of(DynptrPackets.class);
  }

  /** Adds the types that packet programs name: contexts, verdicts, protocol headers. */
  public static void declareTypes(BtfBuilder types) {
    PacketTypes.declare(types);
  }

  /** Removes the devices and frees the packet memory, when no program runs any more. */
  @Override
  public void close() {
    devices.close();
    machine.rcu().barrier();
    pool.close();
    memory.forEach(PacketBuffer::close);
  }

  private <T extends PacketBuffer> T keep(T buffers) {
    memory.add(buffers);
    return buffers;
  }
}
