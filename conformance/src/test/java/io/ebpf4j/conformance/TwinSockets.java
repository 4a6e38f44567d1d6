package io.ebpf4j.conformance;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.jvm.socket.Family;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.util.ArrayList;
import java.util.List;

/** The sockets of a kernel for one test, which closes them all. */
final class TwinSockets implements AutoCloseable {
  static final String LOOPBACK = "127.0.0.1";

  private final Kernel kernel;
  private final List<TwinSocket> sockets = new ArrayList<>();

  TwinSockets(Kernel kernel) {
    this.kernel = kernel;
  }

  private TwinSocket keep(TwinSocket socket) {
    sockets.add(socket);
    return socket;
  }

  /** A UDP socket over IPv4. */
  TwinSocket udp() {
    return keep(
        kernel instanceof JvmKernel jvm
            ? new JvmSocket(jvm.sockets().udp(Family.IPV4))
            : LinuxSocket.open(LinuxSocket.AF_INET, LinuxSocket.SOCK_DGRAM, 0));
  }

  /** A UDP socket over IPv6. */
  TwinSocket udp6() {
    return keep(
        kernel instanceof JvmKernel jvm
            ? new JvmSocket(jvm.sockets().udp(Family.IPV6))
            : LinuxSocket.open(LinuxSocket.AF_INET6, LinuxSocket.SOCK_DGRAM, 0));
  }

  /** A TCP socket over IPv4. */
  TwinSocket tcp() {
    return keep(
        kernel instanceof JvmKernel jvm
            ? new JvmSocket(jvm.sockets().tcp(Family.IPV4))
            : LinuxSocket.open(LinuxSocket.AF_INET, LinuxSocket.SOCK_STREAM, 0));
  }

  /** A TCP socket over IPv6. */
  TwinSocket tcp6() {
    return keep(
        kernel instanceof JvmKernel jvm
            ? new JvmSocket(jvm.sockets().tcp(Family.IPV6))
            : LinuxSocket.open(LinuxSocket.AF_INET6, LinuxSocket.SOCK_STREAM, 0));
  }

  /** A UDP socket that shares the address. */
  TwinSocket member(String address, int port) {
    TwinSocket socket = address.contains(":") ? udp6() : udp();
    socket.reuseport(true);
    must(socket.bind(address, port));
    return socket;
  }

  /** A listening TCP socket that shares the address. */
  TwinSocket listener(String address, int port) {
    TwinSocket socket = address.contains(":") ? tcp6() : tcp();
    socket.reuseport(true);
    must(socket.bind(address, port));
    must(socket.listen(64));
    return socket;
  }

  /** UDP sockets that share one address. */
  List<TwinSocket> group(int count) {
    List<TwinSocket> members = new ArrayList<>();
    members.add(member(LOOPBACK, 0));
    for (int i = 1; i < count; i++) {
      members.add(member(LOOPBACK, members.getFirst().port()));
    }
    return members;
  }

  /** An array of sockets whose lookups give cookies. */
  static BpfMap array(Kernel kernel, int slots) {
    return kernel.createMap(MapSpec.of("sockets", MapType.REUSEPORT_SOCKARRAY, 4, 8, slots));
  }

  /** Puts a socket into a slot. */
  static String put(BpfMap map, int slot, TwinSocket socket) {
    return put(map, slot, socket, 0);
  }

  static String put(BpfMap map, int slot, TwinSocket socket, long flags) {
    return Elements.update(
        map,
        slot,
        map.spec().valueSize() == 8 ? Elements.u64(socket.fd()) : Elements.u32(socket.fd()),
        flags);
  }

  private static void must(String answer) {
    if (!answer.equals("OK")) {
      throw new IllegalStateException(answer);
    }
  }

  @Override
  public void close() {
    sockets.forEach(TwinSocket::close);
  }
}
