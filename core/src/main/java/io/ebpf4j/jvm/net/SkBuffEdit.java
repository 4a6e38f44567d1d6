package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;

/**
 * Operations that change a {@link SkBuff}'s length or VLAN tags. They answer as Linux's helpers do:
 * 0 or a negative errno.
 */
final class SkBuffEdit {
  /** Bytes that a packet may be made to have. */
  static final int MAX_LENGTH = 16384 - 320;

  /** Bytes of a VLAN tag. */
  private static final int VLAN_BYTES = 4;

  /** 802.1Q and 802.1ad as they lie in the packet, loaded little-endian. */
  private static final int VLAN_8021Q = 0x0081;

  private static final int VLAN_8021AD = 0xa888;

  private static final int ETHERNET_ADDRESSES_BYTES = 12;

  private SkBuffEdit() {}

  /** Cuts or grows the packet at its end to a length; what it grows by is zero. */
  static long changeTail(long skb, int length, long flags) {
    long least = SkBuff.networkHeader(skb) - SkBuff.data(skb);
    long wanted = Integer.toUnsignedLong(length);
    if (flags != 0 || wanted > MAX_LENGTH || wanted < least) {
      return -Errno.EINVAL.number();
    }
    long data = SkBuff.data(skb);
    long end = SkBuff.dataEnd(skb);
    long newEnd = data + wanted;
    if (newEnd > Memory.getLong(skb + SkBuff.ROOM_END_OFFSET)) {
      return -Errno.ENOMEM.number();
    }
    if (newEnd > end) {
      Memory.fill(end, newEnd - end, (byte) 0);
    }
    SkBuff.setPacket(skb, data, newEnd);
    return 0;
  }

  /** Grows the packet at its start by zeros. */
  static long changeHead(long skb, int bytes, long flags) {
    long more = Integer.toUnsignedLong(bytes);
    if (flags != 0 || SkBuff.length(skb) + more > MAX_LENGTH) {
      return -Errno.EINVAL.number();
    }
    long data = SkBuff.data(skb) - more;
    if (data < Memory.getLong(skb + SkBuff.ROOM_START_OFFSET)) {
      return -Errno.ENOMEM.number();
    }
    Memory.fill(data, more, (byte) 0);
    SkBuff.setPacket(skb, data, SkBuff.dataEnd(skb));
    Memory.putLong(skb + SkBuff.MAC_HEADER_OFFSET, data);
    return 0;
  }

  /** Tags the packet; a tag that it has already is written into it first. */
  static long vlanPush(long skb, int protocol, int tag) {
    if (Memory.getInt(skb + SkBuff.VLAN_PRESENT_OFFSET) != 0) {
      long refusal = insertTag(skb);
      if (refusal != 0) {
        return refusal;
      }
    }
    setTag(skb, protocol == VLAN_8021AD ? VLAN_8021AD : VLAN_8021Q, tag & 0xffff);
    return 0;
  }

  /** Takes the outer tag off, and the next one out of the packet. */
  static long vlanPop(long skb) {
    if (Memory.getInt(skb + SkBuff.VLAN_PRESENT_OFFSET) != 0) {
      clearTag(skb);
    } else {
      if (!isVlan(Memory.getInt(skb + SkBuff.PROTOCOL_OFFSET))) {
        return 0;
      }
      long refusal = removeTag(skb);
      if (refusal < 0) {
        return refusal;
      }
    }
    int protocol = Memory.getInt(skb + SkBuff.PROTOCOL_OFFSET);
    if (!isVlan(protocol)) {
      return 0;
    }
    long tag = removeTag(skb);
    if (tag < 0) {
      return tag;
    }
    setTag(skb, protocol, (int) tag);
    return 0;
  }

  private static boolean isVlan(int protocol) {
    return protocol == VLAN_8021Q || protocol == VLAN_8021AD;
  }

  private static long insertTag(long skb) {
    long data = SkBuff.data(skb) - VLAN_BYTES;
    if (data < Memory.getLong(skb + SkBuff.ROOM_START_OFFSET)) {
      return -Errno.ENOMEM.number();
    }
    Memory.copy(data + VLAN_BYTES, data, ETHERNET_ADDRESSES_BYTES);
    int protocol = Memory.getInt(skb + SkBuff.VLAN_PROTO_OFFSET);
    int tag = Memory.getInt(skb + SkBuff.VLAN_TCI_OFFSET);
    Memory.putShort(data + ETHERNET_ADDRESSES_BYTES, (short) protocol);
    Memory.putShort(data + ETHERNET_ADDRESSES_BYTES + Short.BYTES, Short.reverseBytes((short) tag));
    SkBuff.setPacket(skb, data, SkBuff.dataEnd(skb));
    Memory.putLong(skb + SkBuff.MAC_HEADER_OFFSET, data);
    Memory.putLong(skb + SkBuff.NETWORK_HEADER_OFFSET, SkBuff.networkHeader(skb) - VLAN_BYTES);
    Memory.putInt(skb + SkBuff.PROTOCOL_OFFSET, protocol);
    return 0;
  }

  /** The tag's control information, or a negative errno. */
  private static long removeTag(long skb) {
    long data = SkBuff.data(skb);
    if (SkBuff.length(skb) < SkBuff.ETHERNET_BYTES + VLAN_BYTES) {
      return -Errno.ENOMEM.number();
    }
    short tag = Memory.getShort(data + SkBuff.ETHERNET_BYTES);
    Memory.copy(data, data + VLAN_BYTES, ETHERNET_ADDRESSES_BYTES);
    long newData = data + VLAN_BYTES;
    SkBuff.setPacket(skb, newData, SkBuff.dataEnd(skb));
    Memory.putLong(skb + SkBuff.MAC_HEADER_OFFSET, newData);
    if (SkBuff.networkHeader(skb) < newData + SkBuff.ETHERNET_BYTES) {
      Memory.putLong(skb + SkBuff.NETWORK_HEADER_OFFSET, newData + SkBuff.ETHERNET_BYTES);
    }
    Memory.putInt(skb + SkBuff.PROTOCOL_OFFSET, protocolBehind(newData, SkBuff.length(skb)));
    return Short.toUnsignedInt(Short.reverseBytes(tag));
  }

  /** What an Ethernet header at an address says is behind it, as it lies in the packet. */
  static int protocolBehind(long ethernet, int length) {
    short type = Memory.getShort(ethernet + SkBuff.ETHER_TYPE_OFFSET);
    if (Short.toUnsignedInt(Short.reverseBytes(type)) >= 0x600) {
      return Short.toUnsignedInt(type);
    }
    boolean rawIpx =
        length >= SkBuff.ETHERNET_BYTES + Short.BYTES
            && Memory.getShort(ethernet + SkBuff.ETHERNET_BYTES) == -1;
    return rawIpx ? 0x0100 : 0x0400;
  }

  private static void setTag(long skb, int protocol, int tag) {
    Memory.putInt(skb + SkBuff.VLAN_PRESENT_OFFSET, 1);
    Memory.putInt(skb + SkBuff.VLAN_PROTO_OFFSET, protocol);
    Memory.putInt(skb + SkBuff.VLAN_TCI_OFFSET, tag);
  }

  private static void clearTag(long skb) {
    Memory.putInt(skb + SkBuff.VLAN_PRESENT_OFFSET, 0);
    Memory.putInt(skb + SkBuff.VLAN_PROTO_OFFSET, 0);
    Memory.putInt(skb + SkBuff.VLAN_TCI_OFFSET, 0);
  }
}
