package io.ebpf4j.pcap;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** pcap: a file header of 24 bytes, then packets with a header of 16 bytes each. */
final class PcapReader extends CaptureReader {
  static final int MAGIC_MICROSECONDS = 0xa1b2c3d4;
  static final int MAGIC_NANOSECONDS = 0xa1b23c4d;
  static final int FILE_HEADER = 24;
  static final int PACKET_HEADER = 16;
  static final int VERSION_MAJOR = 2;
  static final int VERSION_MINOR = 4;

  private final int nanosPerFraction;
  private int seconds;
  private int fraction;

  PcapReader(CaptureInput input, ByteOrder order) throws IOException {
    super(input);
    ByteBuffer bytes = input.bytes().order(order);
    if (!input.require(FILE_HEADER)) {
      throw input.cutOff("its file header of " + FILE_HEADER + " bytes");
    }
    nanosPerFraction = bytes.getInt(0) == MAGIC_NANOSECONDS ? 1 : 1000;
    int major = bytes.getShort(4) & 0xffff;
    int minor = bytes.getShort(6) & 0xffff;
    if (major != VERSION_MAJOR) {
      throw input.malformed(
          "the file says it is of pcap version %d.%d, and only 2 is known: convert it with"
                  .formatted(major, minor)
              + " Wireshark's editcap");
    }
    // The upper half tells the length of the frame check sequence.
    int linkType = bytes.getInt(20) & 0xffff;
    if (linkType != LinkType.ETHERNET) {
      throw input.malformed(LinkType.refusal(linkType));
    }
    bytes.position(FILE_HEADER);
  }

  static boolean isMagic(int word) {
    return word == MAGIC_MICROSECONDS || word == MAGIC_NANOSECONDS;
  }

  @Override
  public long timestampNanos() {
    return (seconds & 0xffffffffL) * 1_000_000_000 + (fraction & 0xffffffffL) * nanosPerFraction;
  }

  @Override
  boolean advance() throws IOException {
    if (!input.require(PACKET_HEADER)) {
      if (!input.bytes().hasRemaining()) {
        return false;
      }
      throw input.cutOff("the header of packet " + (packets() + 1));
    }
    ByteBuffer bytes = input.bytes();
    int captured = bytes.getInt(bytes.position() + 8);
    if (captured < 0 || captured > MAX_PACKET_BYTES) {
      throw input.malformed(
          "packet "
              + (packets() + 1)
              + " says it has "
              + Integer.toUnsignedLong(captured)
              + " bytes, more than the "
              + MAX_PACKET_BYTES
              + " that a packet may have: the capture is damaged from here on; record it again, or"
              + " keep the packets before with \"tcpdump -r\" and \"-w\"");
    }
    if (!input.require(PACKET_HEADER + captured)) {
      throw input.cutOff("packet " + (packets() + 1) + " of " + captured + " bytes", PACKET_HEADER);
    }
    int header = bytes.position();
    seconds = bytes.getInt(header);
    fraction = bytes.getInt(header + 4);
    dataOffset = header + PACKET_HEADER;
    capturedLength = captured;
    int original = bytes.getInt(header + 12);
    originalLength = original < 0 ? Integer.MAX_VALUE : Math.max(original, captured);
    bytes.position(dataOffset + captured);
    return true;
  }
}
