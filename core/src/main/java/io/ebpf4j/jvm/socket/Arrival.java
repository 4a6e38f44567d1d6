package io.ebpf4j.jvm.socket;

import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.jvm.net.SocketFilterRun;
import io.ebpf4j.spec.ProgramType;
import org.jspecify.annotations.Nullable;

/**
 * A packet for which a group's program chooses the socket: its headers and payload in raw memory,
 * the program's context, and what the program has chosen. A CPU has one. For the thread that is on
 * the CPU.
 */
final class Arrival implements AutoCloseable {
  /** Where a CPU's is found. */
  static final Slot<Arrival> SLOT = Slot.of(Arrival.class);

  private static final int SK_PASS = 1;

  private final Block context = ReuseportContext.allocate();
  private final PacketImage packet = new PacketImage();
  private final SocketFilterRun filter = new SocketFilterRun();
  private @Nullable ReuseportGroup group;
  private @Nullable InetSocket asking;
  private @Nullable InetSocket selected;

  /** Writes a packet's headers and payload. */
  void write(Protocol protocol, Endpoint source, Endpoint destination, Payload payload) {
    packet.write(protocol, source, destination, payload);
    fillContext(protocol);
  }

  /** Has no packet: a connection is to be handed on. */
  void writeNothing() {
    packet.clear();
    fillContext(Protocol.TCP);
  }

  private void fillContext(Protocol protocol) {
    long to = context.address();
    Memory.putLong(to + ReuseportContext.DATA_OFFSET, packet.transport());
    Memory.putLong(to + ReuseportContext.DATA_END_OFFSET, packet.end());
    Memory.putLong(to + ReuseportContext.MAC_HEADER_OFFSET, packet.mac());
    Memory.putLong(to + ReuseportContext.NETWORK_HEADER_OFFSET, packet.network());
    Memory.putInt(to + ReuseportContext.LEN_OFFSET, (int) (packet.end() - packet.transport()));
    Memory.putInt(to + ReuseportContext.ETH_PROTOCOL_OFFSET, packet.etherType());
    Memory.putInt(to + ReuseportContext.IP_PROTOCOL_OFFSET, protocol.number());
  }

  /**
   * Lets the group's program choose, or its hash.
   *
   * @param socket the member that was found first, which the program sees
   * @param migrating the connection that is to be handed on, or null
   * @return null where the program refuses the packet, or nobody is left
   */
  @Nullable InetSocket choose(
      Cpu cpu, ReuseportGroup of, InetSocket socket, @Nullable InetSocket migrating, int hash) {
    InetSocket[] members = of.members();
    LoadedProgram program = of.program();
    if (program == null) {
      return ReuseportGroup.byHash(members, hash);
    }
    if (program.spec().type() == ProgramType.SOCKET_FILTER) {
      int index =
          filter.run(cpu, program, packet.mac(), packet.network(), packet.payload(), packet.end());
      return index >= 0 && index < members.length
          ? members[index]
          : ReuseportGroup.byHash(members, hash);
    }
    return select(cpu, program, of, socket, migrating, hash);
  }

  private @Nullable InetSocket select(
      Cpu cpu,
      LoadedProgram program,
      ReuseportGroup of,
      InetSocket socket,
      @Nullable InetSocket migrating,
      int hash) {
    long to = context.address();
    Memory.putInt(to + ReuseportContext.BIND_INANY_OFFSET, of.bindsAny() ? 1 : 0);
    Memory.putInt(to + ReuseportContext.HASH_OFFSET, hash);
    Memory.putLong(to + ReuseportContext.SK_OFFSET, socket.address());
    Memory.putLong(
        to + ReuseportContext.MIGRATING_SK_OFFSET, migrating == null ? 0 : migrating.address());
    group = of;
    asking = socket;
    selected = null;
    long verdict = program.run(cpu, to);
    InetSocket chosen = selected;
    selected = null;
    asking = null;
    group = null;
    if ((int) verdict != SK_PASS) {
      return null;
    }
    return chosen == null ? ReuseportGroup.byHash(of.members(), hash) : chosen;
  }

  /** Selects a socket, as bpf_sk_select_reuseport does with what lies in a map; 0 or an errno. */
  long select(@Nullable InetSocket wanted) {
    ReuseportGroup current = group;
    InetSocket found = asking;
    if (wanted == null || current == null || found == null) {
      return ReuseportHelpers.NOBODY;
    }
    ReuseportGroup other = wanted.group();
    if (other == current) {
      selected = wanted;
      return 0;
    }
    if (other == null) {
      return ReuseportHelpers.NOBODY;
    }
    if (wanted.protocol() != found.protocol()) {
      return ReuseportHelpers.OTHER_PROTOCOL;
    }
    return wanted.family() == found.family()
        ? ReuseportHelpers.OTHER_GROUP
        : ReuseportHelpers.OTHER_FAMILY;
  }

  @Override
  public void close() {
    context.close();
    packet.close();
    filter.close();
  }
}
