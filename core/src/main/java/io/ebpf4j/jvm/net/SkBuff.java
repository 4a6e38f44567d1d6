package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.ContextLayout.Access;
import io.ebpf4j.jvm.context.ContextLayout.Field;
import io.ebpf4j.jvm.context.ContextLayout.Kind;
import io.ebpf4j.jvm.memory.Memory;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A socket buffer, by the address of its context block: {@code struct __sk_buff} in front, then the
 * real fields. The packet is one linear piece with room on both sides. For the thread that is on
 * the CPU.
 */
final class SkBuff {
  /** Bytes of {@code struct __sk_buff}. */
  static final int VISIBLE_BYTES = 192;

  /** Bytes of an Ethernet header. */
  static final int ETHERNET_BYTES = 14;

  /** The EtherType's place in an Ethernet header. */
  static final int ETHER_TYPE_OFFSET = 12;

  /** {@link #CHECKSUM_LEVEL_OFFSET} where no checksum has been checked: CHECKSUM_NONE. */
  static final int CHECKSUM_NONE = -1;

  static final int DATA_OFFSET = 192;
  static final int DATA_END_OFFSET = 200;
  static final int DATA_META_OFFSET = 208;

  /** The lowest and the end of the addresses that the packet may grow to. */
  static final int ROOM_START_OFFSET = 216;

  static final int ROOM_END_OFFSET = 224;
  static final int MAC_HEADER_OFFSET = 232;
  static final int NETWORK_HEADER_OFFSET = 240;
  static final int TSTAMP_OFFSET = 248;
  static final int HWTSTAMP_OFFSET = 256;
  static final int LEN_OFFSET = 264;
  static final int PKT_TYPE_OFFSET = 268;
  static final int MARK_OFFSET = 272;
  static final int QUEUE_MAPPING_OFFSET = 276;
  static final int PROTOCOL_OFFSET = 280;
  static final int VLAN_PRESENT_OFFSET = 284;
  static final int VLAN_TCI_OFFSET = 288;
  static final int VLAN_PROTO_OFFSET = 292;
  static final int PRIORITY_OFFSET = 296;
  static final int INGRESS_IFINDEX_OFFSET = 300;
  static final int IFINDEX_OFFSET = 304;
  static final int TC_INDEX_OFFSET = 308;
  static final int CB_OFFSET = 312;
  static final int HASH_OFFSET = 332;
  static final int TC_CLASSID_OFFSET = 336;
  static final int NAPI_ID_OFFSET = 340;
  static final int WIRE_LEN_OFFSET = 344;
  static final int GSO_SEGS_OFFSET = 348;
  static final int GSO_SIZE_OFFSET = 352;
  static final int TSTAMP_TYPE_OFFSET = 356;
  static final int CHECKSUM_LEVEL_OFFSET = 360;

  /** The address of the socket that the packet is of, or 0. */
  static final int SK_OFFSET = 368;

  /** From {@code family} to {@code local_port}, as they lie in {@code struct __sk_buff}. */
  static final int FAMILY_OFFSET = 376;

  static final int BLOCK_BYTES = 432;

  private static final int FAMILY_SEEN = 88;

  /** Bytes of {@code cb}. */
  static final int CB_BYTES = 20;

  /** The context of socket filters. */
  static final ContextLayout FILTER_LAYOUT = layout(common(false));

  /** The context of tc classifiers and actions. */
  static final ContextLayout TC_LAYOUT =
      layout(Stream.concat(common(true).stream(), trafficControl().stream()).toList());

  /** The context of programs of control groups, where programs see it as {@code seen}. */
  static ContextLayout cgroupLayout(ContextLayout seen) {
    return layout(seen.fields().stream().map(SkBuff::real).toList());
  }

  private static Field real(Field seen) {
    int offset = SK_OFFSET;
    int size = Long.BYTES;
    if (seen.kind() != Kind.SOCK_COMMON_OR_NULL) {
      Optional<Field> known =
          TC_LAYOUT.fields().stream().filter(f -> f.name().equals(seen.name())).findFirst();
      offset = known.map(Field::realOffset).orElse(FAMILY_OFFSET + seen.offset() - FAMILY_SEEN);
      size = known.map(Field::realSize).orElse(seen.size());
    }
    return new Field(
        seen.name(),
        seen.offset(),
        seen.size(),
        seen.kind(),
        seen.access(),
        seen.writable(),
        offset,
        size);
  }

  private SkBuff() {}

  static long data(long skb) {
    return Memory.getLong(skb + DATA_OFFSET);
  }

  static int length(long skb) {
    return Memory.getInt(skb + LEN_OFFSET);
  }

  static long dataEnd(long skb) {
    return Memory.getLong(skb + DATA_END_OFFSET);
  }

  static long macHeader(long skb) {
    return Memory.getLong(skb + MAC_HEADER_OFFSET);
  }

  static long networkHeader(long skb) {
    return Memory.getLong(skb + NETWORK_HEADER_OFFSET);
  }

  /** Sets where the packet is. */
  static void setPacket(long skb, long data, long end) {
    Memory.putLong(skb + DATA_OFFSET, data);
    Memory.putLong(skb + DATA_META_OFFSET, data);
    Memory.putLong(skb + DATA_END_OFFSET, end);
    Memory.putInt(skb + LEN_OFFSET, (int) (end - data));
  }

  /** Whether {@code bytes} from {@code offset} (both unsigned) lie within the packet. */
  static boolean holds(long skb, int offset, int bytes) {
    return Integer.toUnsignedLong(offset) + Integer.toUnsignedLong(bytes) <= length(skb);
  }

  private static ContextLayout layout(List<Field> fields) {
    return new ContextLayout("__sk_buff", VISIBLE_BYTES, BLOCK_BYTES, fields);
  }

  private static List<Field> common(boolean writable) {
    return List.of(
        number("len", 0, LEN_OFFSET),
        number("pkt_type", 4, PKT_TYPE_OFFSET),
        number("mark", 8, writable, MARK_OFFSET, Integer.BYTES),
        number("queue_mapping", 12, writable, QUEUE_MAPPING_OFFSET, Short.BYTES),
        number("protocol", 16, PROTOCOL_OFFSET),
        number("vlan_present", 20, VLAN_PRESENT_OFFSET),
        number("vlan_tci", 24, VLAN_TCI_OFFSET),
        number("vlan_proto", 28, VLAN_PROTO_OFFSET),
        number("priority", 32, writable, PRIORITY_OFFSET, Integer.BYTES),
        number("ingress_ifindex", 36, INGRESS_IFINDEX_OFFSET),
        number("ifindex", 40, IFINDEX_OFFSET),
        number("tc_index", 44, writable, TC_INDEX_OFFSET, Short.BYTES),
        new Field("cb", 48, CB_BYTES, Kind.SCALAR, Access.BYTES, true, CB_OFFSET, CB_BYTES),
        number("hash", 68, HASH_OFFSET),
        number("napi_id", 84, NAPI_ID_OFFSET),
        number("gso_segs", 164, GSO_SEGS_OFFSET),
        Field.unbuilt("sk", 168, Kind.SOCK_COMMON_OR_NULL),
        number("gso_size", 176, GSO_SIZE_OFFSET));
  }

  private static List<Field> trafficControl() {
    return List.of(
        number("tc_classid", 72, true, TC_CLASSID_OFFSET, Short.BYTES),
        new Field("data", 76, 4, Kind.PACKET, false, DATA_OFFSET, 8),
        new Field("data_end", 80, 4, Kind.PACKET_END, false, DATA_END_OFFSET, 8),
        new Field("data_meta", 140, 4, Kind.PACKET_META, false, DATA_META_OFFSET, 8),
        whole("tstamp", 152, 8, true, TSTAMP_OFFSET),
        number("wire_len", 160, WIRE_LEN_OFFSET),
        whole("tstamp_type", 180, 1, false, TSTAMP_TYPE_OFFSET),
        whole("hwtstamp", 184, 8, false, HWTSTAMP_OFFSET));
  }

  private static Field number(String name, int offset, int realOffset) {
    return number(name, offset, false, realOffset, Integer.BYTES);
  }

  private static Field number(
      String name, int offset, boolean writable, int realOffset, int realSize) {
    return new Field(name, offset, Integer.BYTES, Kind.SCALAR, writable, realOffset, realSize);
  }

  private static Field whole(String name, int offset, int size, boolean writable, int realOffset) {
    return new Field(name, offset, size, Kind.SCALAR, Access.WHOLE, writable, realOffset, size);
  }
}
