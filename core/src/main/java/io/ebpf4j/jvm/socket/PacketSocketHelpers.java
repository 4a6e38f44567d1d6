package io.ebpf4j.jvm.socket;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Helper;
import io.ebpf4j.jvm.map.StorageOwner;
import io.ebpf4j.jvm.net.CgroupPackets;
import io.ebpf4j.spec.ProgramType;

/** The helpers that tell of the socket that a packet is of. */
public final class PacketSocketHelpers {
  private PacketSocketHelpers() {}

  /** SO_COOKIE of the packet's socket, 0 where it has none. */
  @Helper(
      id = 46,
      name = "get_socket_cookie",
      arguments = Argument.CONTEXT,
      programTypes = ProgramType.CGROUP_SKB)
  public static long getSocketCookie(Cpu cpu, long context) {
    long address = CgroupPackets.socket(context);
    return address != 0 && StorageOwner.at(cpu, address) instanceof InetSocket socket
        ? socket.cookie()
        : 0;
  }
}
