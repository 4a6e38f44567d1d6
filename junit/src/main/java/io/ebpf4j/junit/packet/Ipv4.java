package io.ebpf4j.junit.packet;

import java.net.Inet4Address;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SequencedMap;

/**
 * An IPv4 header, RFC 791.
 *
 * @param typeOfService 8 bits: DSCP and ECN
 * @param totalLength bytes of the header and all in it
 * @param identification 16 bits
 * @param dontFragment the DF flag
 * @param moreFragments the MF flag
 * @param fragmentOffset in units of 8 bytes, 13 bits
 * @param ttl hops left, 8 bits
 * @param nextProtocol the protocol of what follows, 8 bits
 * @param checksum of the header
 * @param source from whom
 * @param destination to whom
 * @param options behind the fixed header
 */
public record Ipv4(
    int typeOfService,
    int totalLength,
    int identification,
    boolean dontFragment,
    boolean moreFragments,
    int fragmentOffset,
    int ttl,
    int nextProtocol,
    int checksum,
    Inet4Address source,
    Inet4Address destination,
    Ipv4Options options)
    implements Layer {
  static final int BYTES = 20;

  /** From one address to the other, with a TTL of 64. */
  public static Ipv4 between(String source, String destination) {
    return new Ipv4(
        0,
        AUTO,
        0,
        false,
        false,
        0,
        64,
        AUTO,
        AUTO,
        Inet4Address.ofLiteral(source),
        Inet4Address.ofLiteral(destination),
        Ipv4Options.NONE);
  }

  /** With DSCP and ECN. */
  public Ipv4 withTypeOfService(int newTypeOfService) {
    return new Ipv4(
        newTypeOfService,
        totalLength,
        identification,
        dontFragment,
        moreFragments,
        fragmentOffset,
        ttl,
        nextProtocol,
        checksum,
        source,
        destination,
        options);
  }

  /** With a total length, right or wrong. */
  public Ipv4 withTotalLength(int newTotalLength) {
    return new Ipv4(
        typeOfService,
        newTotalLength,
        identification,
        dontFragment,
        moreFragments,
        fragmentOffset,
        ttl,
        nextProtocol,
        checksum,
        source,
        destination,
        options);
  }

  /** With an identification. */
  public Ipv4 withIdentification(int newIdentification) {
    return new Ipv4(
        typeOfService,
        totalLength,
        newIdentification,
        dontFragment,
        moreFragments,
        fragmentOffset,
        ttl,
        nextProtocol,
        checksum,
        source,
        destination,
        options);
  }

  /** With or without the DF flag. */
  public Ipv4 withDontFragment(boolean newDontFragment) {
    return new Ipv4(
        typeOfService,
        totalLength,
        identification,
        newDontFragment,
        moreFragments,
        fragmentOffset,
        ttl,
        nextProtocol,
        checksum,
        source,
        destination,
        options);
  }

  /** With or without the MF flag. */
  public Ipv4 withMoreFragments(boolean newMoreFragments) {
    return new Ipv4(
        typeOfService,
        totalLength,
        identification,
        dontFragment,
        newMoreFragments,
        fragmentOffset,
        ttl,
        nextProtocol,
        checksum,
        source,
        destination,
        options);
  }

  /** With an offset, in units of 8 bytes. */
  public Ipv4 withFragmentOffset(int newFragmentOffset) {
    return new Ipv4(
        typeOfService,
        totalLength,
        identification,
        dontFragment,
        moreFragments,
        newFragmentOffset,
        ttl,
        nextProtocol,
        checksum,
        source,
        destination,
        options);
  }

  /** With so many hops left. */
  public Ipv4 withTtl(int newTtl) {
    return new Ipv4(
        typeOfService,
        totalLength,
        identification,
        dontFragment,
        moreFragments,
        fragmentOffset,
        newTtl,
        nextProtocol,
        checksum,
        source,
        destination,
        options);
  }

  /** With the number of a protocol. */
  public Ipv4 withNextProtocol(int newNextProtocol) {
    return new Ipv4(
        typeOfService,
        totalLength,
        identification,
        dontFragment,
        moreFragments,
        fragmentOffset,
        ttl,
        newNextProtocol,
        checksum,
        source,
        destination,
        options);
  }

  /** With a checksum, right or wrong. */
  public Ipv4 withChecksum(int newChecksum) {
    return new Ipv4(
        typeOfService,
        totalLength,
        identification,
        dontFragment,
        moreFragments,
        fragmentOffset,
        ttl,
        nextProtocol,
        newChecksum,
        source,
        destination,
        options);
  }

  /** With options. */
  public Ipv4 withOptions(Ipv4Options newOptions) {
    return new Ipv4(
        typeOfService,
        totalLength,
        identification,
        dontFragment,
        moreFragments,
        fragmentOffset,
        ttl,
        nextProtocol,
        checksum,
        source,
        destination,
        newOptions);
  }

  @Override
  public String protocol() {
    return "IPv4";
  }

  @Override
  public SequencedMap<String, String> fields() {
    return new Fields()
        .hex("type of service", typeOfService)
        .number("total length", totalLength)
        .hex("identification", identification)
        .add("don't fragment", dontFragment)
        .add("more fragments", moreFragments)
        .number("fragment offset", fragmentOffset)
        .number("TTL", ttl)
        .number("protocol", nextProtocol)
        .hex("header checksum", checksum)
        .add("source", source.getHostAddress())
        .add("destination", destination.getHostAddress())
        .add("options", options)
        .map();
  }

  @Override
  public byte[] encode(byte[] payload, Place place) {
    byte[] padded = options.bytes().padded(4).toArray();
    int header = BYTES + padded.length;
    ByteBuffer bytes = ByteBuffer.allocate(header + payload.length);
    int flags = (dontFragment ? 1 << 14 : 0) | (moreFragments ? 1 << 13 : 0);
    bytes
        .put((byte) (4 << 4 | header / 4))
        .put((byte) typeOfService)
        .putShort((short) (totalLength == AUTO ? header + payload.length : totalLength))
        .putShort((short) identification)
        .putShort((short) (flags | fragmentOffset))
        .put((byte) ttl)
        .put((byte) (nextProtocol == AUTO ? place.ipProtocol() : nextProtocol))
        .putShort((short) (checksum == AUTO ? 0 : checksum))
        .put(source.getAddress())
        .put(destination.getAddress())
        .put(padded)
        .put(payload);
    if (checksum == AUTO) {
      bytes.putShort(10, (short) Checksum.of(Arrays.copyOf(bytes.array(), header)));
    }
    return bytes.array();
  }

  /** Whether such a header stands there, all of it. */
  static boolean isThere(ByteBuffer from) {
    if (from.remaining() < BYTES) {
      return false;
    }
    int first = from.get(from.position()) & 0xff;
    // The reserved flag has no field here.
    boolean known = (from.get(from.position() + 6) & 0x80) == 0;
    return first >>> 4 == 4
        && known
        && 4 * (first & 15) >= BYTES
        && 4 * (first & 15) <= from.remaining();
  }

  static Ipv4 decode(ByteBuffer from) {
    int options = 4 * (from.get() & 15) - BYTES;
    int typeOfService = from.get() & 0xff;
    int totalLength = from.getShort() & 0xffff;
    int identification = from.getShort() & 0xffff;
    int fragment = from.getShort() & 0xffff;
    int ttl = from.get() & 0xff;
    int protocol = from.get() & 0xff;
    int checksum = from.getShort() & 0xffff;
    Inet4Address source = address(from);
    Inet4Address destination = address(from);
    byte[] behind = new byte[options];
    from.get(behind);
    return new Ipv4(
        typeOfService,
        totalLength,
        identification,
        (fragment & 1 << 14) != 0,
        (fragment & 1 << 13) != 0,
        fragment & 0x1fff,
        ttl,
        protocol,
        checksum,
        source,
        destination,
        new Ipv4Options(Bytes.of(behind)));
  }

  static Inet4Address address(ByteBuffer from) {
    return Inet4Address.ofLiteral(
        "%d.%d.%d.%d"
            .formatted(from.get() & 0xff, from.get() & 0xff, from.get() & 0xff, from.get() & 0xff));
  }
}
