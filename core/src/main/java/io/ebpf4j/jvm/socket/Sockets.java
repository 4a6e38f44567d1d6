package io.ebpf4j.jvm.socket;

import io.ebpf4j.ReuseportServer;
import io.ebpf4j.UdpMessage;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.jvm.context.ProgramKind;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.map.MapKind;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The sockets of a kernel in the JVM. Thread safe. */
public final class Sockets implements AutoCloseable {
  private final Machine machine;
  private final SocketTable table = new SocketTable();
  private final Delivery delivery;
  private final List<Arrival> arrivals = new ArrayList<>();
  private final List<GroupFilter> filters = new ArrayList<>();
  private final Set<NioServer<?>> servers = ConcurrentHashMap.newKeySet();
  private final Set<InetSocket> sockets = ConcurrentHashMap.newKeySet();

  /** Puts the sockets' state on a machine and its CPUs; {@code JvmKernel} calls it. */
  public Sockets(Machine machine) {
    this.machine = machine;
    this.delivery =
        new Delivery(machine, table, new FlowHash(machine.cpus().getFirst().random().nextU32()));
    machine.slots().set(SocketTable.SLOT, table);
    machine.slots().set(Delivery.SLOT, delivery);
    for (Cpu cpu : machine.cpus()) {
      Arrival arrival = new Arrival();
      arrivals.add(arrival);
      cpu.slots().set(Arrival.SLOT, arrival);
      GroupFilter filter = new GroupFilter();
      filters.add(filter);
      cpu.slots().set(GroupFilter.SLOT, filter);
    }
  }

  /** Makes a UDP socket. */
  public UdpSocket udp(Family family) {
    return opened(new UdpSocket(machine, family));
  }

  /** Makes a TCP socket. */
  public TcpSocket tcp(Family family) {
    return opened(new TcpSocket(machine, family));
  }

  private <S extends InetSocket> S opened(S socket) {
    sockets.add(socket);
    socket.whenFreed(() -> sockets.remove(socket));
    socket.open();
    return socket;
  }

  /**
   * Serves datagrams of a port of the host, as {@link io.ebpf4j.Kernel#serveUdp} says.
   *
   * @throws io.ebpf4j.BpfException EADDRINUSE and others where the host refuses the port
   */
  public ReuseportServer<UdpMessage> serveUdp(InetSocketAddress address) {
    return NioUdpServer.open(this, delivery, address);
  }

  /**
   * Serves connections of a port of the host, as {@link io.ebpf4j.Kernel#serveTcp} says.
   *
   * @throws io.ebpf4j.BpfException EADDRINUSE and others where the host refuses the port
   */
  public ReuseportServer<SocketChannel> serveTcp(InetSocketAddress address) {
    return NioTcpServer.open(this, delivery, address);
  }

  /** Starts a server, which ends with the kernel. */
  void keep(NioServer<?> server) {
    servers.add(server);
    server.start(() -> servers.remove(server));
  }

  Family family(InetSocketAddress address) {
    return address.getAddress() instanceof Inet6Address ? Family.IPV6 : Family.IPV4;
  }

  /** Sockets that there are, without connections that nobody has accepted yet. */
  public int count() {
    return sockets.size();
  }

  /**
   * Brings a datagram from outside to its socket, as if a device had.
   *
   * @return whether it waits in a socket now
   */
  public boolean deliver(InetSocketAddress source, InetSocketAddress destination, byte[] payload) {
    return delivery.datagram(Endpoint.of(source), Endpoint.of(destination), payload)
        == Delivery.Outcome.QUEUED;
  }

  /**
   * Sets net.ipv4.tcp_migrate_req: whether the connections of a listener that goes are handed on
   * also where no program is loaded for it.
   */
  public void setMigratesRequests(boolean whether) {
    table.setMigratesRequests(whether);
  }

  /** The program types of sockets. */
  public List<ProgramKind> kinds() {
    return List.of(new ReuseportProgramKind());
  }

  /** The map types of sockets. */
  public List<MapKind> mapKinds() {
    return List.of(new ReuseportSockArrayKind());
  }

  /** The classes whose methods are the helpers of sockets. */
  public static List<Class<?>> helpers() {
    return List.of(ReuseportHelpers.class, PacketSocketHelpers.class);
  }

  /** Adds the types that programs of sockets name. */
  public static void declareTypes(BtfBuilder types) {
    SocketTypes.declare(types);
  }

  /** Closes every server and every socket, before the kernel's memory goes. */
  public void closeSockets() {
    List.copyOf(servers).forEach(NioServer::close);
    List.copyOf(sockets).forEach(InetSocket::close);
  }

  /** Frees the memory of packets, when no program runs any more. */
  @Override
  public void close() {
    arrivals.forEach(Arrival::close);
    filters.forEach(GroupFilter::close);
  }
}
