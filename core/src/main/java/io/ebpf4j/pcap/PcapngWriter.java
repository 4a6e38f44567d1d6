package io.ebpf4j.pcap;

import java.nio.channels.WritableByteChannel;

/** pcapng, little-endian: one section with one interface that counts nanoseconds. */
final class PcapngWriter extends CaptureWriter {
  private static final int SECTION_HEADER_LENGTH = 28;
  private static final int INTERFACE_LENGTH = 32;
  private static final int PACKET_OVERHEAD = 32;

  PcapngWriter(String file, WritableByteChannel channel) {
    super(file, channel);
  }

  @Override
  void writeFileHeader() {
    buffer
        .putInt(PcapngReader.SECTION_HEADER)
        .putInt(SECTION_HEADER_LENGTH)
        .putInt(PcapngReader.BYTE_ORDER_MAGIC)
        .putShort((short) 1)
        .putShort((short) 0)
        .putLong(-1)
        .putInt(SECTION_HEADER_LENGTH);
    buffer
        .putInt(PcapngReader.INTERFACE_DESCRIPTION)
        .putInt(INTERFACE_LENGTH)
        .putShort((short) LinkType.ETHERNET)
        .putShort((short) 0)
        .putInt(CaptureReader.MAX_PACKET_BYTES)
        .putShort((short) PcapngReader.OPTION_TIMESTAMP_RESOLUTION)
        .putShort((short) 1)
        .putInt(9)
        .putInt(0)
        .putInt(INTERFACE_LENGTH);
  }

  @Override
  void beginPacket(int length, int originalLength, long timestampNanos) {
    buffer
        .putInt(PcapngReader.ENHANCED_PACKET)
        .putInt(blockLength(length))
        .putInt(0)
        .putInt((int) (timestampNanos >>> 32))
        .putInt((int) timestampNanos)
        .putInt(length)
        .putInt(originalLength);
  }

  @Override
  void endPacket(int length) {
    for (int padding = -length & 3; padding > 0; padding--) {
      buffer.put((byte) 0);
    }
    buffer.putInt(blockLength(length));
  }

  private static int blockLength(int length) {
    return PACKET_OVERHEAD + ((length + 3) & ~3);
  }
}
