package io.ebpf4j.jvm.socket;

import io.ebpf4j.jvm.context.Repetition;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.jvm.map.CgroupTree;
import io.ebpf4j.jvm.net.CgroupPackets;
import io.ebpf4j.spec.AttachType;

/**
 * What a socket sends and gets, shown to the programs of its control group. A CPU has one. For the
 * thread that is on the CPU.
 */
final class GroupFilter implements AutoCloseable {
  static final Slot<GroupFilter> SLOT = Slot.of(GroupFilter.class);

  private final CgroupPackets packets = new CgroupPackets();
  private final PacketImage packet = new PacketImage();

  /** Whether a socket may send that. */
  static boolean mayLeave(
      InetSocket socket, Endpoint source, Endpoint destination, byte[] payload) {
    return pass(AttachType.CGROUP_INET_EGRESS, socket, source, destination, payload);
  }

  /** Whether a socket may get that. */
  static boolean mayEnter(
      InetSocket socket, Endpoint source, Endpoint destination, byte[] payload) {
    return pass(AttachType.CGROUP_INET_INGRESS, socket, source, destination, payload);
  }

  private static boolean pass(
      AttachType direction,
      InetSocket socket,
      Endpoint source,
      Endpoint destination,
      byte[] payload) {
    if (!socket.machine().slots().get(CgroupTree.SLOT).hasPrograms() || !socket.tryRetain()) {
      return true;
    }
    Cpu cpu = Repetition.enterCpu(socket.machine(), -1);
    try {
      return cpu.slots().get(SLOT).ask(cpu, direction, socket, source, destination, payload);
    } finally {
      cpu.exit();
      socket.release();
    }
  }

  private boolean ask(
      Cpu cpu,
      AttachType direction,
      InetSocket socket,
      Endpoint source,
      Endpoint destination,
      byte[] payload) {
    packet.writeData(socket.protocol(), source, destination, new Payload.Bytes(payload));
    return packets.pass(
        cpu, direction, socket.cgroup(), socket, packet.mac(), packet.network(), packet.end());
  }

  @Override
  public void close() {
    packets.close();
    packet.close();
  }
}
