package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.map.Cgroup;
import io.ebpf4j.jvm.map.StorageOwner;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.AttachType;

/**
 * Packets of sockets that the programs of the socket's control group are asked about, and those of
 * the groups above it. One thread at a time uses it.
 */
public final class CgroupPackets implements AutoCloseable {
  /** Bytes of {@code family} and what follows it up to {@code local_port}, in both layouts. */
  private static final int ADDRESS_BYTES = 52;

  private final SkBuffBuffer buffer = new SkBuffBuffer();

  /** Memory for the programs' context. */
  public CgroupPackets() {}

  /**
   * Asks all programs, the nearest group's first; each is run, whatever the others say.
   *
   * @param direction CGROUP_INET_INGRESS or CGROUP_INET_EGRESS
   * @param socket whose packet it is; its structure is a {@code struct bpf_sock}
   * @param networkHeader where the programs' packet begins
   * @return whether the packet goes on
   */
  public boolean pass(
      Cpu cpu,
      AttachType direction,
      Cgroup group,
      StorageOwner socket,
      long macHeader,
      long networkHeader,
      long end) {
    boolean pass = true;
    Cgroup at = group;
    while (at != null) {
      LoadedProgram[] programs = at.programs().of(direction);
      for (LoadedProgram program : programs) {
        fill(socket, macHeader, networkHeader, end);
        pass &= (program.run(cpu, buffer.skb()) & 1) != 0;
      }
      at = at.parent().orElse(null);
    }
    return pass;
  }

  /** The address of the socket that the packet of a context is of, or 0. */
  public static long socket(long context) {
    return Memory.getLong(context + SkBuff.SK_OFFSET);
  }

  private void fill(StorageOwner socket, long macHeader, long networkHeader, long end) {
    long skb = buffer.skb();
    Memory.fill(skb, SkBuff.BLOCK_BYTES, (byte) 0);
    Memory.putLong(skb + SkBuff.ROOM_START_OFFSET, macHeader);
    Memory.putLong(skb + SkBuff.ROOM_END_OFFSET, end);
    Memory.putLong(skb + SkBuff.MAC_HEADER_OFFSET, macHeader);
    Memory.putLong(skb + SkBuff.NETWORK_HEADER_OFFSET, networkHeader);
    SkBuff.setPacket(skb, networkHeader, end);
    Memory.putInt(
        skb + SkBuff.PROTOCOL_OFFSET,
        Memory.getShort(macHeader + SkBuff.ETHER_TYPE_OFFSET) & 0xffff);
    Memory.putInt(skb + SkBuff.IFINDEX_OFFSET, 1);
    Memory.putInt(skb + SkBuff.CHECKSUM_LEVEL_OFFSET, SkBuff.CHECKSUM_NONE);
    Memory.putLong(skb + SkBuff.SK_OFFSET, socket.address());
    addresses(skb + SkBuff.FAMILY_OFFSET, socket.address());
  }

  /** From {@code struct bpf_sock} to the order of {@code struct __sk_buff}. */
  private static void addresses(long to, long sock) {
    Memory.fill(to, ADDRESS_BYTES, (byte) 0);
    Memory.putInt(to, Memory.getInt(sock + 4));
    Memory.putInt(to + 4, Memory.getInt(sock + 52));
    Memory.putInt(to + 8, Memory.getInt(sock + 24));
    Memory.copy(sock + 56, to + 12, 16);
    Memory.copy(sock + 28, to + 28, 16);
    // A port of the peer is in network byte order in the upper half here, in the lower one there.
    Memory.putInt(to + 44, (Memory.getInt(sock + 48) & 0xffff) << Short.SIZE);
    Memory.putInt(to + 48, Memory.getInt(sock + 44));
  }

  @Override
  public void close() {
    buffer.close();
  }
}
