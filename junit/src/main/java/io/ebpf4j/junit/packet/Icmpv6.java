package io.ebpf4j.junit.packet;

import java.nio.ByteBuffer;
import java.util.SequencedMap;

/**
 * An ICMPv6 header, RFC 4443.
 *
 * @param type 8 bits
 * @param code 8 bits
 * @param checksum of header and payload, and of the addresses
 * @param rest the 4 bytes behind the checksum, whose meaning the type decides
 */
public record Icmpv6(int type, int code, int checksum, int rest) implements Layer {
  static final int BYTES = 8;
  private static final int ECHO_REQUEST = 128;
  private static final int ECHO_REPLY = 129;

  /** Asks for an echo. */
  public static Icmpv6 echoRequest(int identifier, int sequence) {
    return of(ECHO_REQUEST, 0, identifier << 16 | sequence);
  }

  /** Echoes. */
  public static Icmpv6 echoReply(int identifier, int sequence) {
    return of(ECHO_REPLY, 0, identifier << 16 | sequence);
  }

  /** Any message. */
  public static Icmpv6 of(int type, int code, int rest) {
    return new Icmpv6(type, code, AUTO, rest);
  }

  /** With a checksum, right or wrong. */
  public Icmpv6 withChecksum(int newChecksum) {
    return new Icmpv6(type, code, newChecksum, rest);
  }

  @Override
  public String protocol() {
    return "ICMPv6";
  }

  @Override
  public SequencedMap<String, String> fields() {
    Fields fields =
        new Fields().number("type", type).number("code", code).hex("checksum", checksum);
    boolean echo = type == ECHO_REQUEST || type == ECHO_REPLY;
    return echo
        ? fields.number("identifier", rest >>> 16).number("sequence", rest & 0xffff).map()
        : fields.add("rest", "0x%08x".formatted(rest)).map();
  }

  @Override
  public byte[] encode(byte[] payload, Place place) {
    ByteBuffer bytes =
        ByteBuffer.allocate(BYTES + payload.length)
            .put((byte) type)
            .put((byte) code)
            .putShort((short) (checksum == AUTO ? 0 : checksum))
            .putInt(rest)
            .put(payload);
    if (checksum == AUTO) {
      bytes.putShort(2, (short) place.checksum(bytes.array(), 58));
    }
    return bytes.array();
  }

  static Icmpv6 decode(ByteBuffer from) {
    return new Icmpv6(
        from.get() & 0xff, from.get() & 0xff, from.getShort() & 0xffff, from.getInt());
  }
}
