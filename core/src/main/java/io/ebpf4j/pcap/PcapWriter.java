package io.ebpf4j.pcap;

import java.nio.channels.WritableByteChannel;

/** pcap, little-endian, with nanoseconds. */
final class PcapWriter extends CaptureWriter {
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  PcapWriter(String file, WritableByteChannel channel) {
    super(file, channel);
  }

  @Override
  void writeFileHeader() {
    buffer
        .putInt(PcapReader.MAGIC_NANOSECONDS)
        .putShort((short) PcapReader.VERSION_MAJOR)
        .putShort((short) PcapReader.VERSION_MINOR)
        .putInt(0)
        .putInt(0)
        .putInt(CaptureReader.MAX_PACKET_BYTES)
        .putInt(LinkType.ETHERNET);
  }

  @Override
  void beginPacket(int length, int originalLength, long timestampNanos) {
    buffer
        .putInt((int) Math.floorDiv(timestampNanos, NANOS_PER_SECOND))
        .putInt((int) Math.floorMod(timestampNanos, NANOS_PER_SECOND))
        .putInt(length)
        .putInt(originalLength);
  }

  @Override
  void endPacket(int length) {}
}
