package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.context.LegacyPacketAccess;
import io.ebpf4j.jvm.memory.Memory;

/**
 * Legacy packet loads of a {@link SkBuff}. Negative offsets count from the network header
 * (SKF_NET_OFF) or the link-layer header (SKF_LL_OFF of the UAPI's filter.h).
 */
final class SkBuffLegacyAccess implements LegacyPacketAccess {
  private static final int NETWORK_AREA = -0x100000;
  private static final int LINK_AREA = -0x200000;

  @Override
  public long load(long skb, int offset, int size) {
    long address = address(skb, offset);
    if (address + size > SkBuff.dataEnd(skb)) {
      return OUTSIDE;
    }
    return switch (size) {
      case Byte.BYTES -> Byte.toUnsignedLong(Memory.getByte(address));
      case Short.BYTES -> Short.toUnsignedLong(Short.reverseBytes(Memory.getShort(address)));
      default -> Integer.toUnsignedLong(Integer.reverseBytes(Memory.getInt(address)));
    };
  }

  private static long address(long skb, int offset) {
    if (offset >= 0) {
      return SkBuff.data(skb) + offset;
    }
    if (offset >= NETWORK_AREA) {
      return SkBuff.networkHeader(skb) + (offset - NETWORK_AREA);
    }
    return offset >= LINK_AREA ? SkBuff.macHeader(skb) + (offset - LINK_AREA) : SkBuff.dataEnd(skb);
  }
}
