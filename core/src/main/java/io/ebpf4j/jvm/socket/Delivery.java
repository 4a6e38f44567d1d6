package io.ebpf4j.jvm.socket;

import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.Repetition;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.cpu.Slot;
import org.jspecify.annotations.Nullable;

/** The way of datagrams and connections to the socket that gets them. Thread safe. */
final class Delivery {
  /** Where the kernel's is found. */
  static final Slot<Delivery> SLOT = Slot.of(Delivery.class);

  private final Machine machine;
  private final SocketTable table;
  private final FlowHash hash;

  Delivery(Machine machine, SocketTable table, FlowHash hash) {
    this.machine = machine;
    this.table = table;
    this.hash = hash;
  }

  /** What became of a datagram. */
  enum Outcome {
    /** It waits in a socket. */
    QUEUED,
    /** The socket that it was for had too many waiting. */
    DROPPED,
    /** No socket takes it, or the group's program refused it. */
    REFUSED
  }

  /** Brings a datagram to its socket. */
  Outcome datagram(Endpoint source, Endpoint destination, byte[] payload) {
    InetSocket target = table.connected(destination, source);
    if (target == null) {
      target = choose(Protocol.UDP, source, destination, new Payload.Bytes(payload));
    }
    if (!(target instanceof UdpSocket socket)) {
      return Outcome.REFUSED;
    }
    if (!GroupFilter.mayEnter(socket, source, destination, payload)) {
      return Outcome.DROPPED;
    }
    Datagram datagram =
        new Datagram(source.toSocketAddress(), destination.toSocketAddress(), payload);
    return socket.offer(datagram) ? Outcome.QUEUED : Outcome.DROPPED;
  }

  /** The listener that a connection goes to, or null where it is refused. */
  @Nullable TcpSocket listener(Endpoint source, Endpoint destination) {
    return (TcpSocket) choose(Protocol.TCP, source, destination, Payload.Bytes.NONE);
  }

  /** The socket that a packet goes to that none is connected for, or null where none takes it. */
  @Nullable InetSocket choose(
      Protocol protocol, Endpoint source, Endpoint destination, Payload payload) {
    // Looked up by a thread on a CPU: the program sees a socket that stays until it has run.
    Cpu cpu = Repetition.enterCpu(machine, -1);
    try {
      InetSocket found = table.find(protocol, destination);
      ReuseportGroup group = found == null ? null : found.group();
      if (found == null || group == null) {
        return found;
      }
      int flowHash = hash.of(source, destination);
      if (group.program() == null) {
        return ReuseportGroup.byHash(group.members(), flowHash);
      }
      Arrival arrival = cpu.slots().get(Arrival.SLOT);
      arrival.write(protocol, source, destination, payload);
      return arrival.choose(cpu, group, found, null, flowHash);
    } finally {
      cpu.exit();
    }
  }

  /**
   * The listener that a connection goes to whose own listener goes.
   *
   * @return null where the connection is lost
   */
  @Nullable InetSocket migrate(ReuseportGroup group, TcpSocket from, TcpSocket connection) {
    LoadedProgram program = group.program();
    int flowHash = connection.flowHash(hash);
    if (group.members().length == 0) {
      return null;
    }
    if (program == null || !ReuseportProgramKind.migrates(program.spec())) {
      return table.migratesRequests() ? ReuseportGroup.byHash(group.members(), flowHash) : null;
    }
    Cpu cpu = Repetition.enterCpu(machine, -1);
    try {
      Arrival arrival = cpu.slots().get(Arrival.SLOT);
      arrival.writeNothing();
      return arrival.choose(cpu, group, from, connection, flowHash);
    } finally {
      cpu.exit();
    }
  }
}
