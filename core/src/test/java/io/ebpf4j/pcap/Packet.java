package io.ebpf4j.pcap;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** A packet copied out of a reader, for comparison. */
record Packet(long timestampNanos, int originalLength, int interfaceId, String hex) {
  static List<Packet> readAll(CaptureReader reader) throws IOException {
    List<Packet> packets = new ArrayList<>();
    while (reader.next()) {
      packets.add(of(reader));
    }
    return packets;
  }

  static List<Packet> readAll(Path file) throws IOException {
    try (CaptureReader reader = CaptureReader.open(file)) {
      return readAll(reader);
    }
  }

  static List<Packet> readAll(byte[] capture) throws IOException {
    try (CaptureReader reader = reader(capture)) {
      return readAll(reader);
    }
  }

  static CaptureReader reader(byte[] capture) throws IOException {
    return CaptureReader.read(new ByteArrayInputStream(capture), "test capture");
  }

  private static Packet of(CaptureReader reader) {
    byte[] data =
        reader
            .memory()
            .asSlice(reader.offset(), reader.capturedLength())
            .toArray(ValueLayout.JAVA_BYTE);
    return new Packet(
        reader.timestampNanos(),
        reader.originalLength(),
        reader.interfaceId(),
        HexFormat.of().formatHex(data));
  }
}
