package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import java.lang.foreign.MemorySegment;

/**
 * Raw memory for one {@link SkBuff}: its context block, and the packet with more room on both sides
 * than helpers may use. It is filled again and again.
 */
final class SkBuffBuffer implements PacketBuffer {
  private static final int ROOM_OFFSET = 384;
  private static final int HEADROOM = 24 << 10;
  private static final int ROOM = 64 << 10;

  /** Protocols as they lie in memory. */
  private static final int IPV4 = 0x0008;

  private static final int IPV6 = 0xdd86;
  private static final int IPV4_HEADER_BYTES = 20;
  private static final int IPV6_HEADER_BYTES = 40;
  private static final int HOST = 0;
  private static final int MULTICAST = 2;
  private static final int OTHER_HOST = 3;

  private final Block block = Block.allocate(ROOM_OFFSET + ROOM, 64);

  /** The buffer's address: the context of programs that run on it. */
  long skb() {
    return block.address();
  }

  /**
   * Makes it a new packet that has come in on the loopback device.
   *
   * @param packet from the Ethernet header on
   */
  void fill(byte[] packet) {
    fill(MemorySegment.ofArray(packet), 0, packet.length);
  }

  /** As {@link #fill(byte[])}, of bytes that lie elsewhere. */
  void fill(MemorySegment memory, long offset, int length) {
    long skb = skb();
    long data = skb + ROOM_OFFSET + HEADROOM;
    Memory.fill(skb, SkBuff.BLOCK_BYTES, (byte) 0);
    Memory.copy(memory, offset, data, length);
    Memory.putLong(skb + SkBuff.ROOM_START_OFFSET, skb + ROOM_OFFSET);
    Memory.putLong(skb + SkBuff.ROOM_END_OFFSET, skb + ROOM_OFFSET + ROOM);
    Memory.putLong(skb + SkBuff.MAC_HEADER_OFFSET, data);
    Memory.putLong(skb + SkBuff.NETWORK_HEADER_OFFSET, data + SkBuff.ETHERNET_BYTES);
    SkBuff.setPacket(skb, data, data + length);
    Memory.putInt(skb + SkBuff.PKT_TYPE_OFFSET, packetType(data));
    Memory.putInt(skb + SkBuff.PROTOCOL_OFFSET, SkBuffEdit.protocolBehind(data, length));
    Memory.putInt(skb + SkBuff.IFINDEX_OFFSET, NetDevices.LOOPBACK_IFINDEX);
    Memory.putInt(skb + SkBuff.CHECKSUM_LEVEL_OFFSET, SkBuff.CHECKSUM_NONE);
  }

  /** Whether there is as much behind the Ethernet header as its protocol's header takes. */
  boolean hasNetworkHeader() {
    return SkBuff.length(skb()) - SkBuff.ETHERNET_BYTES >= headerBytes();
  }

  /**
   * Bytes of the header of the packet's network protocol, or 0 where it is neither IPv4 nor IPv6.
   */
  int headerBytes() {
    return switch (Memory.getInt(skb() + SkBuff.PROTOCOL_OFFSET)) {
      case IPV4 -> IPV4_HEADER_BYTES;
      case IPV6 -> IPV6_HEADER_BYTES;
      default -> 0;
    };
  }

  /** {@code IPv4} or {@code IPv6}, where it is one of them. */
  String protocolName() {
    return headerBytes() == IPV4_HEADER_BYTES ? "IPv4" : "IPv6";
  }

  /** Lets programs see the packet from behind its Ethernet header. */
  void pullEthernet() {
    long skb = skb();
    SkBuff.setPacket(skb, SkBuff.data(skb) + SkBuff.ETHERNET_BYTES, SkBuff.dataEnd(skb));
  }

  /** Puts room for an Ethernet header, all zero as on Linux, before what programs saw. */
  void pushEthernet() {
    long skb = skb();
    long data = SkBuff.data(skb) - SkBuff.ETHERNET_BYTES;
    Memory.fill(data, SkBuff.ETHERNET_BYTES, (byte) 0);
    SkBuff.setPacket(skb, data, SkBuff.dataEnd(skb));
  }

  /** The packet as it is now. */
  byte[] bytes() {
    byte[] bytes = new byte[SkBuff.length(skb())];
    Memory.copy(SkBuff.data(skb()), bytes, 0, bytes.length);
    return bytes;
  }

  @Override
  public void close() {
    block.close();
  }

  // The loopback device's own address and its broadcast address are both zero.
  private static int packetType(long ethernet) {
    if ((Memory.getByte(ethernet) & 1) != 0) {
      return MULTICAST;
    }
    boolean zero = Memory.getInt(ethernet) == 0 && Memory.getShort(ethernet + Integer.BYTES) == 0;
    return zero ? HOST : OTHER_HOST;
  }
}
