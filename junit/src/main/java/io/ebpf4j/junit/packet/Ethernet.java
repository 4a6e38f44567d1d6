package io.ebpf4j.junit.packet;

import java.nio.ByteBuffer;
import java.util.SequencedMap;

/**
 * An Ethernet header, IEEE 802.3, without its checksum.
 *
 * @param destination to whom
 * @param source from whom
 * @param type EtherType, 16 bits
 */
public record Ethernet(MacAddress destination, MacAddress source, int type) implements Layer {
  /** EtherType of IPv4. */
  public static final int IPV4 = 0x0800;

  /** EtherType of ARP. */
  public static final int ARP = 0x0806;

  /** EtherType of a VLAN tag. */
  public static final int VLAN = 0x8100;

  /** EtherType of IPv6. */
  public static final int IPV6 = 0x86dd;

  /** EtherType of a service provider's VLAN tag, which another one follows. */
  public static final int QINQ = 0x88a8;

  static final int BYTES = 14;

  /** From 02:00:00:00:00:01 to 02:00:00:00:00:02. */
  public static Ethernet header() {
    return between("02:00:00:00:00:01", "02:00:00:00:00:02");
  }

  /** From one address to the other. */
  public static Ethernet between(String source, String destination) {
    return new Ethernet(MacAddress.of(destination), MacAddress.of(source), AUTO);
  }

  /** To another address. */
  public Ethernet withDestination(String address) {
    return new Ethernet(MacAddress.of(address), source, type);
  }

  /** From another address. */
  public Ethernet withSource(String address) {
    return new Ethernet(destination, MacAddress.of(address), type);
  }

  /** With that EtherType. */
  public Ethernet withType(int newType) {
    return new Ethernet(destination, source, newType);
  }

  @Override
  public String protocol() {
    return "Ethernet";
  }

  @Override
  public SequencedMap<String, String> fields() {
    return new Fields()
        .add("destination", destination)
        .add("source", source)
        .hex("type", type)
        .map();
  }

  @Override
  public byte[] encode(byte[] payload, Place place) {
    ByteBuffer bytes = ByteBuffer.allocate(BYTES + payload.length);
    put(bytes, destination);
    put(bytes, source);
    return bytes.putShort((short) (type == AUTO ? place.etherType() : type)).put(payload).array();
  }

  static Ethernet decode(ByteBuffer from) {
    return new Ethernet(mac(from), mac(from), from.getShort() & 0xffff);
  }

  static void put(ByteBuffer to, MacAddress address) {
    to.putShort((short) (address.number() >>> 32)).putInt((int) address.number());
  }

  static MacAddress mac(ByteBuffer from) {
    long high = from.getShort() & 0xffffL;
    return new MacAddress(high << 32 | Integer.toUnsignedLong(from.getInt()));
  }
}
