package io.ebpf4j.jvm.net;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.context.ContextInput;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** The {@code struct __sk_buff} that a user gives to a test run, and gets back. */
final class SkBuffContext {
  /** What a packet on the wire may have had at most. */
  private static final int MAX_WIRE_LENGTH = 65536;

  private static final int MAX_SEGMENTS = 65535;

  private static final int MARK = 8;
  private static final int PRIORITY = 32;
  private static final int INGRESS_IFINDEX = 36;
  private static final int IFINDEX = 40;
  private static final int CB = 48;
  private static final int TSTAMP = 152;
  private static final int WIRE_LEN = 160;
  private static final int GSO_SEGS = 164;
  private static final int GSO_SIZE = 176;
  private static final int HWTSTAMP = 184;

  /** Bytes that must be zero, from and to. */
  private record Zero(int from, int to, String fields) {}

  private static final List<Zero> ZEROS =
      List.of(
          new Zero(0, MARK, "len and pkt_type"),
          new Zero(12, PRIORITY, "queue_mapping, protocol and vlan_*"),
          new Zero(44, CB, "tc_index"),
          new Zero(68, TSTAMP, "hash to flow_keys"),
          new Zero(168, GSO_SIZE, "sk"),
          new Zero(180, HWTSTAMP, "tstamp_type"));

  private final byte[] bytes;
  private final ByteBuffer fields;

  private SkBuffContext(byte[] bytes) {
    this.bytes = bytes;
    this.fields = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Checks what does not depend on the packet.
   *
   * @throws BpfException E2BIG for a struct that is too long, ENODEV for an unknown device, EINVAL
   *     for a field that may not be given
   */
  static SkBuffContext of(byte[] given, NetDevices devices) {
    SkBuffContext context = new SkBuffContext(ContextInput.inSizeOf(SkBuff.TC_LAYOUT, given));
    int ifindex = context.fields.getInt(IFINDEX);
    if (ifindex != 0 && devices.find(ifindex).isEmpty()) {
      throw new BpfException(
          Errno.ENODEV,
          "there is no network device %s, ifindex in the context"
              .formatted(Integer.toUnsignedString(ifindex)));
    }
    for (Zero zero : ZEROS) {
      for (int i = zero.from; i < zero.to; i++) {
        if (context.bytes[i] != 0) {
          throw invalid(
              "byte %d of the context is not zero: %s cannot be given".formatted(i, zero.fields));
        }
      }
    }
    if (Integer.compareUnsigned(context.fields.getInt(GSO_SEGS), MAX_SEGMENTS) > 0) {
      throw invalid("gso_segs in the context is above " + MAX_SEGMENTS);
    }
    return context;
  }

  /**
   * Puts the given fields into a packet.
   *
   * @throws BpfException EINVAL for a wire_len below the packet's length or above 65,536
   */
  void put(long skb) {
    int wireLength = fields.getInt(WIRE_LEN);
    if (wireLength == 0) {
      wireLength = SkBuff.length(skb);
    } else if (Integer.compareUnsigned(wireLength, SkBuff.length(skb)) < 0
        || Integer.compareUnsigned(wireLength, MAX_WIRE_LENGTH) > 0) {
      throw invalid(
          "wire_len in the context is %s: it is from %d, the packet's length, to %d"
              .formatted(
                  Integer.toUnsignedString(wireLength), SkBuff.length(skb), MAX_WIRE_LENGTH));
    }
    Memory.putInt(skb + SkBuff.WIRE_LEN_OFFSET, wireLength);
    Memory.putInt(skb + SkBuff.MARK_OFFSET, fields.getInt(MARK));
    Memory.putInt(skb + SkBuff.PRIORITY_OFFSET, fields.getInt(PRIORITY));
    Memory.putInt(skb + SkBuff.INGRESS_IFINDEX_OFFSET, fields.getInt(INGRESS_IFINDEX));
    if (fields.getInt(IFINDEX) != 0) {
      Memory.putInt(skb + SkBuff.IFINDEX_OFFSET, fields.getInt(IFINDEX));
    }
    Memory.copy(bytes, CB, skb + SkBuff.CB_OFFSET, SkBuff.CB_BYTES);
    Memory.putLong(skb + SkBuff.TSTAMP_OFFSET, fields.getLong(TSTAMP));
    Memory.putInt(skb + SkBuff.GSO_SEGS_OFFSET, fields.getInt(GSO_SEGS));
    Memory.putInt(skb + SkBuff.GSO_SIZE_OFFSET, fields.getInt(GSO_SIZE) & 0xffff);
    Memory.putLong(skb + SkBuff.HWTSTAMP_OFFSET, fields.getLong(HWTSTAMP));
  }

  /** The context after the run. */
  byte[] after(long skb) {
    fields.putInt(MARK, Memory.getInt(skb + SkBuff.MARK_OFFSET));
    fields.putInt(PRIORITY, Memory.getInt(skb + SkBuff.PRIORITY_OFFSET));
    fields.putInt(INGRESS_IFINDEX, Memory.getInt(skb + SkBuff.INGRESS_IFINDEX_OFFSET));
    fields.putInt(IFINDEX, Memory.getInt(skb + SkBuff.IFINDEX_OFFSET));
    Memory.copy(skb + SkBuff.CB_OFFSET, bytes, CB, SkBuff.CB_BYTES);
    fields.putLong(TSTAMP, Memory.getLong(skb + SkBuff.TSTAMP_OFFSET));
    fields.putInt(WIRE_LEN, Memory.getInt(skb + SkBuff.WIRE_LEN_OFFSET));
    fields.putInt(GSO_SEGS, Memory.getInt(skb + SkBuff.GSO_SEGS_OFFSET));
    fields.putLong(HWTSTAMP, Memory.getLong(skb + SkBuff.HWTSTAMP_OFFSET));
    return bytes;
  }

  private static BpfException invalid(String sentence) {
    return new BpfException(Errno.EINVAL, sentence);
  }
}
