package io.ebpf4j.junit.packet;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.SequencedMap;

/**
 * An IPv6 header, RFC 8200.
 *
 * @param trafficClass 8 bits: DSCP and ECN
 * @param flowLabel 20 bits
 * @param payloadLength bytes behind this header
 * @param nextHeader the protocol of what follows, 8 bits
 * @param hopLimit hops left, 8 bits
 * @param source from whom
 * @param destination to whom
 */
public record Ipv6(
    int trafficClass,
    int flowLabel,
    int payloadLength,
    int nextHeader,
    int hopLimit,
    Inet6Address source,
    Inet6Address destination)
    implements Layer {
  static final int BYTES = 40;

  /** From one address to the other, with a hop limit of 64. */
  public static Ipv6 between(String source, String destination) {
    return new Ipv6(0, 0, AUTO, AUTO, 64, address(source), address(destination));
  }

  /** With DSCP and ECN. */
  public Ipv6 withTrafficClass(int newTrafficClass) {
    return new Ipv6(
        newTrafficClass, flowLabel, payloadLength, nextHeader, hopLimit, source, destination);
  }

  /** With a flow label. */
  public Ipv6 withFlowLabel(int newFlowLabel) {
    return new Ipv6(
        trafficClass, newFlowLabel, payloadLength, nextHeader, hopLimit, source, destination);
  }

  /** With a length, right or wrong. */
  public Ipv6 withPayloadLength(int newPayloadLength) {
    return new Ipv6(
        trafficClass, flowLabel, newPayloadLength, nextHeader, hopLimit, source, destination);
  }

  /** With the number of a protocol. */
  public Ipv6 withNextHeader(int newNextHeader) {
    return new Ipv6(
        trafficClass, flowLabel, payloadLength, newNextHeader, hopLimit, source, destination);
  }

  /** With so many hops left. */
  public Ipv6 withHopLimit(int newHopLimit) {
    return new Ipv6(
        trafficClass, flowLabel, payloadLength, nextHeader, newHopLimit, source, destination);
  }

  @Override
  public String protocol() {
    return "IPv6";
  }

  @Override
  public SequencedMap<String, String> fields() {
    return new Fields()
        .hex("traffic class", trafficClass)
        .hex("flow label", flowLabel)
        .number("payload length", payloadLength)
        .number("next header", nextHeader)
        .number("hop limit", hopLimit)
        .add("source", source.getHostAddress())
        .add("destination", destination.getHostAddress())
        .map();
  }

  @Override
  public byte[] encode(byte[] payload, Place place) {
    return ByteBuffer.allocate(BYTES + payload.length)
        .putInt(6 << 28 | trafficClass << 20 | flowLabel)
        .putShort((short) (payloadLength == AUTO ? payload.length : payloadLength))
        .put((byte) (nextHeader == AUTO ? place.ipProtocol() : nextHeader))
        .put((byte) hopLimit)
        .put(source.getAddress())
        .put(destination.getAddress())
        .put(payload)
        .array();
  }

  /** Whether such a header stands there, all of it. */
  static boolean isThere(ByteBuffer from) {
    return from.remaining() >= BYTES && (from.get(from.position()) & 0xff) >>> 4 == 6;
  }

  static Ipv6 decode(ByteBuffer from) {
    int first = from.getInt();
    return new Ipv6(
        first >>> 20 & 0xff,
        first & 0xfffff,
        from.getShort() & 0xffff,
        from.get() & 0xff,
        from.get() & 0xff,
        address(from),
        address(from));
  }

  private static Inet6Address address(ByteBuffer from) {
    byte[] bytes = new byte[16];
    from.get(bytes);
    return address(bytes);
  }

  private static Inet6Address address(String literal) {
    return address(InetAddress.ofLiteral(literal).getAddress());
  }

  /** Not by InetAddress alone: it makes an IPv4 address of one that is mapped. */
  private static Inet6Address address(byte[] bytes) {
    try {
      return Inet6Address.getByAddress(null, bytes, -1);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(
          "an IPv6 address has 16 bytes, not %d: write it as fd00::1".formatted(bytes.length), e);
    }
  }
}
