package io.ebpf4j.junit.packet;

import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.util.SequencedMap;

/**
 * An ARP packet for IPv4 over Ethernet, RFC 826.
 *
 * @param operation 1 for a request, 2 for a reply
 * @param senderHardware who sends
 * @param senderProtocol who sends
 * @param targetHardware who is asked, 0 in a request
 * @param targetProtocol who is asked
 */
public record Arp(
    int operation,
    MacAddress senderHardware,
    Inet4Address senderProtocol,
    MacAddress targetHardware,
    Inet4Address targetProtocol)
    implements Layer {
  static final int BYTES = 28;
  private static final int HARDWARE = 1;
  private static final long HEAD = (long) HARDWARE << 32 | (long) Ethernet.IPV4 << 16 | 0x0604;

  /** Who has {@code target}? Tell {@code sender}. */
  public static Arp request(String senderMac, String sender, String target) {
    return new Arp(
        1,
        MacAddress.of(senderMac),
        Inet4Address.ofLiteral(sender),
        new MacAddress(0),
        Inet4Address.ofLiteral(target));
  }

  /** {@code sender} is at {@code senderMac}. */
  public static Arp reply(String senderMac, String sender, String targetMac, String target) {
    return new Arp(
        2,
        MacAddress.of(senderMac),
        Inet4Address.ofLiteral(sender),
        MacAddress.of(targetMac),
        Inet4Address.ofLiteral(target));
  }

  @Override
  public String protocol() {
    return "ARP";
  }

  @Override
  public SequencedMap<String, String> fields() {
    return new Fields()
        .number("operation", operation)
        .add("sender hardware address", senderHardware)
        .add("sender protocol address", senderProtocol.getHostAddress())
        .add("target hardware address", targetHardware)
        .add("target protocol address", targetProtocol.getHostAddress())
        .map();
  }

  @Override
  public byte[] encode(byte[] payload, Place place) {
    ByteBuffer bytes = ByteBuffer.allocate(BYTES + payload.length);
    bytes.putShort((short) (HEAD >>> 32)).putInt((int) HEAD).putShort((short) operation);
    Ethernet.put(bytes, senderHardware);
    bytes.put(senderProtocol.getAddress());
    Ethernet.put(bytes, targetHardware);
    bytes.put(targetProtocol.getAddress());
    return bytes.put(payload).array();
  }

  /** Whether such a packet stands there. */
  static boolean isThere(ByteBuffer from) {
    int at = from.position();
    return from.remaining() >= BYTES
        && from.getShort(at) == HARDWARE
        && from.getInt(at + 2) == (int) HEAD;
  }

  static Arp decode(ByteBuffer from) {
    from.position(from.position() + 6);
    return new Arp(
        from.getShort() & 0xffff,
        Ethernet.mac(from),
        Ipv4.address(from),
        Ethernet.mac(from),
        Ipv4.address(from));
  }
}
