package io.ebpf4j.junit.packet;

import java.nio.ByteBuffer;
import java.util.SequencedMap;

/**
 * An ICMP header, RFC 792.
 *
 * @param type 8 bits
 * @param code 8 bits
 * @param checksum of header and payload
 * @param rest the 4 bytes behind the checksum, whose meaning the type decides
 */
public record Icmp(int type, int code, int checksum, int rest) implements Layer {
  static final int BYTES = 8;
  private static final int ECHO_REQUEST = 8;
  private static final int ECHO_REPLY = 0;

  /** Asks for an echo. */
  public static Icmp echoRequest(int identifier, int sequence) {
    return of(ECHO_REQUEST, 0, identifier << 16 | sequence);
  }

  /** Echoes. */
  public static Icmp echoReply(int identifier, int sequence) {
    return of(ECHO_REPLY, 0, identifier << 16 | sequence);
  }

  /** Any message. */
  public static Icmp of(int type, int code, int rest) {
    return new Icmp(type, code, AUTO, rest);
  }

  /** With a checksum, right or wrong. */
  public Icmp withChecksum(int newChecksum) {
    return new Icmp(type, code, newChecksum, rest);
  }

  @Override
  public String protocol() {
    return "ICMP";
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
      bytes.putShort(2, (short) Checksum.of(bytes.array()));
    }
    return bytes.array();
  }

  static Icmp decode(ByteBuffer from) {
    return new Icmp(from.get() & 0xff, from.get() & 0xff, from.getShort() & 0xffff, from.getInt());
  }
}
