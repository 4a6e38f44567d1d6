package io.ebpf4j.junit.packet;

import java.nio.ByteBuffer;
import java.util.SequencedMap;

/**
 * A UDP header, RFC 768.
 *
 * @param sourcePort 16 bits
 * @param destinationPort 16 bits
 * @param length bytes of header and payload
 * @param checksum of header, payload and addresses; 0 for none
 */
public record Udp(int sourcePort, int destinationPort, int length, int checksum) implements Layer {
  static final int BYTES = 8;

  /** From port to port. */
  public static Udp ports(int source, int destination) {
    return new Udp(source, destination, AUTO, AUTO);
  }

  /** With a length, right or wrong. */
  public Udp withLength(int newLength) {
    return new Udp(sourcePort, destinationPort, newLength, checksum);
  }

  /** With a checksum, right or wrong; 0 for none. */
  public Udp withChecksum(int newChecksum) {
    return new Udp(sourcePort, destinationPort, length, newChecksum);
  }

  @Override
  public String protocol() {
    return "UDP";
  }

  @Override
  public SequencedMap<String, String> fields() {
    return new Fields()
        .number("source port", sourcePort)
        .number("destination port", destinationPort)
        .number("length", length)
        .hex("checksum", checksum)
        .map();
  }

  @Override
  public byte[] encode(byte[] payload, Place place) {
    ByteBuffer bytes =
        ByteBuffer.allocate(BYTES + payload.length)
            .putShort((short) sourcePort)
            .putShort((short) destinationPort)
            .putShort((short) (length == AUTO ? BYTES + payload.length : length))
            .putShort((short) (checksum == AUTO ? 0 : checksum))
            .put(payload);
    if (checksum == AUTO) {
      int sum = place.checksum(bytes.array(), 17);
      // 0 would say that there is none.
      bytes.putShort(6, (short) (sum == 0 ? 0xffff : sum));
    }
    return bytes.array();
  }

  static Udp decode(ByteBuffer from) {
    return new Udp(
        from.getShort() & 0xffff,
        from.getShort() & 0xffff,
        from.getShort() & 0xffff,
        from.getShort() & 0xffff);
  }
}
