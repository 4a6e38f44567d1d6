package io.ebpf4j.junit.packet;

import java.nio.ByteBuffer;
import java.util.SequencedMap;

/**
 * An IPv6 fragment header, RFC 8200.
 *
 * @param nextHeader the protocol of what follows, 8 bits
 * @param offset in units of 8 bytes, 13 bits
 * @param moreFragments whether there are more behind it
 * @param identification 32 bits
 */
public record Ipv6Fragment(int nextHeader, int offset, boolean moreFragments, int identification)
    implements Layer {
  static final int BYTES = 8;

  /** The first of several fragments. */
  public static Ipv6Fragment first(int identification) {
    return new Ipv6Fragment(AUTO, 0, true, identification);
  }

  /** With the number of a protocol. */
  public Ipv6Fragment withNextHeader(int newNextHeader) {
    return new Ipv6Fragment(newNextHeader, offset, moreFragments, identification);
  }

  /** With an offset, in units of 8 bytes. */
  public Ipv6Fragment withOffset(int newOffset) {
    return new Ipv6Fragment(nextHeader, newOffset, moreFragments, identification);
  }

  /** With or without more behind it. */
  public Ipv6Fragment withMoreFragments(boolean newMoreFragments) {
    return new Ipv6Fragment(nextHeader, offset, newMoreFragments, identification);
  }

  @Override
  public String protocol() {
    return "IPv6 fragment";
  }

  @Override
  public SequencedMap<String, String> fields() {
    return new Fields()
        .number("next header", nextHeader)
        .number("offset", offset)
        .add("more fragments", moreFragments)
        .add("identification", "0x%08x".formatted(identification))
        .map();
  }

  @Override
  public byte[] encode(byte[] payload, Place place) {
    return ByteBuffer.allocate(BYTES + payload.length)
        .put((byte) (nextHeader == AUTO ? place.ipProtocol() : nextHeader))
        .put((byte) 0)
        .putShort((short) (offset << 3 | (moreFragments ? 1 : 0)))
        .putInt(identification)
        .put(payload)
        .array();
  }

  /** Whether such a header stands there, with nothing in its reserved bits. */
  static boolean isThere(ByteBuffer from) {
    int at = from.position();
    return from.remaining() >= BYTES && from.get(at + 1) == 0 && (from.get(at + 3) & 6) == 0;
  }

  static Ipv6Fragment decode(ByteBuffer from) {
    int next = from.getShort() >>> 8 & 0xff;
    int fragment = from.getShort() & 0xffff;
    return new Ipv6Fragment(next, fragment >>> 3, (fragment & 1) != 0, from.getInt());
  }
}
