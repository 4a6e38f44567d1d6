package io.ebpf4j.jvm.net;

import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import java.util.ArrayList;
import java.util.List;

/** The packet side of a kernel: what its engine takes into its tables. */
public final class Net implements AutoCloseable {
  private final List<PacketBuffer> memory = new ArrayList<>();
  private final List<ProgramKind> kinds;

  /** Puts the packet side's state on the CPUs of a machine. */
  public Net(Machine machine) {
    for (Cpu cpu : machine.cpus()) {
      XdpProgramKind.Buffers frames = new XdpProgramKind.Buffers();
      cpu.slots().set(XdpProgramKind.BUFFERS, frames);
      memory.add(frames);
    }
    kinds = List.of(new XdpProgramKind(new NetDevices()));
  }

  /** The program types of packets. */
  public List<ProgramKind> kinds() {
    return kinds;
  }

  /** The classes whose methods are the packet helpers. */
  public static List<Class<?>> helpers() {
    return List.of(XdpHelpers.class);
  }

  /** Adds the types that packet programs name: contexts, verdicts, protocol headers. */
  public static void declareTypes(BtfBuilder types) {
    PacketTypes.declare(types);
  }

  /** Frees the packet memory, when no program runs any more. */
  @Override
  public void close() {
    memory.forEach(PacketBuffer::close);
  }
}
