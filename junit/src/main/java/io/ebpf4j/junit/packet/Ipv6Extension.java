package io.ebpf4j.junit.packet;

import java.nio.ByteBuffer;
import java.util.SequencedMap;

/**
 * An IPv6 extension header of options or routing, RFC 8200.
 *
 * @param type its own protocol number: 0 hop-by-hop options, 43 routing, 60 destination options
 * @param nextHeader the protocol of what follows, 8 bits
 * @param data what stands behind the length: 6 bytes, or 8 more, and so on
 */
public record Ipv6Extension(int type, int nextHeader, Bytes data) implements Layer {
  static final int HOP_BY_HOP = 0;
  static final int ROUTING = 43;
  static final int DESTINATION = 60;
  private static final int HEAD = 2;

  /** Options for each router; with none it is padding. */
  public static Ipv6Extension hopByHop(Bytes options) {
    return new Ipv6Extension(HOP_BY_HOP, AUTO, filled(options));
  }

  /** Options for the destination; with none it is padding. */
  public static Ipv6Extension destination(Bytes options) {
    return new Ipv6Extension(DESTINATION, AUTO, filled(options));
  }

  /** A routing header: its type, the segments left, and what the type defines. */
  public static Ipv6Extension routing(int routingType, int segmentsLeft, Bytes rest) {
    Bytes head = Bytes.of((byte) routingType, (byte) segmentsLeft);
    return new Ipv6Extension(ROUTING, AUTO, fitting(head.then(rest.toArray())));
  }

  /** With the number of a protocol. */
  public Ipv6Extension withNextHeader(int newNextHeader) {
    return new Ipv6Extension(type, newNextHeader, data);
  }

  @Override
  public String protocol() {
    return switch (type) {
      case HOP_BY_HOP -> "IPv6 hop-by-hop options";
      case ROUTING -> "IPv6 routing";
      default -> "IPv6 destination options";
    };
  }

  @Override
  public SequencedMap<String, String> fields() {
    return new Fields().number("next header", nextHeader).add("data", data).map();
  }

  @Override
  public byte[] encode(byte[] payload, Place place) {
    return ByteBuffer.allocate(HEAD + data.length() + payload.length)
        .put((byte) (nextHeader == AUTO ? place.ipProtocol() : nextHeader))
        .put((byte) ((HEAD + data.length()) / 8 - 1))
        .put(data.toArray())
        .put(payload)
        .array();
  }

  /** Whether such a header stands there, all of it. */
  static boolean isThere(ByteBuffer from) {
    return from.remaining() >= HEAD
        && 8 * (1 + (from.get(from.position() + 1) & 0xff)) <= from.remaining();
  }

  static Ipv6Extension decode(ByteBuffer from, int type) {
    int next = from.get() & 0xff;
    byte[] data = new byte[8 * (1 + (from.get() & 0xff)) - HEAD];
    from.get(data);
    return new Ipv6Extension(type, next, Bytes.of(data));
  }

  /** Options, and PadN or Pad1 up to the next multiple of 8. */
  private static Bytes filled(Bytes options) {
    int missing = Math.floorMod(-(HEAD + options.length()), 8);
    return switch (missing) {
      case 0 -> options;
      case 1 -> options.then((byte) 0);
      default -> {
        byte[] padding = new byte[missing];
        padding[0] = 1;
        padding[1] = (byte) (missing - 2);
        yield options.then(padding);
      }
    };
  }

  private static Bytes fitting(Bytes data) {
    return data.then(new byte[Math.floorMod(-(HEAD + data.length()), 8)]);
  }
}
