package io.ebpf4j.cli;

import io.ebpf4j.pcap.CaptureWriter;
import io.ebpf4j.spec.ProgramType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Where packets go after their run: those that pass into one file, or all of them into one file for
 * each verdict where the file's name has {@code {verdict}} in it.
 */
final class PacketSink implements AutoCloseable {
  static final String BY_VERDICT = "{verdict}";

  private static final int MAX_FILES = 100;

  private final String file;
  private final ProgramType type;
  private final boolean split;

  /** By verdict; all that pass are under 0 where the file is not split. */
  private final Map<Integer, CaptureWriter> writers = new HashMap<>();

  PacketSink(String file, ProgramType type) throws IOException {
    this.file = file;
    this.type = type;
    this.split = file.contains(BY_VERDICT);
    if (!split) {
      writers.put(0, CaptureWriter.create(Path.of(file)));
    }
  }

  /**
   * Takes a packet as the program left it.
   *
   * @param lost bytes that the packet had on the wire behind those that were captured
   */
  void take(byte[] packet, int lost, long timestampNanos, int verdict) throws IOException {
    if (!split && !Verdicts.passes(type, verdict)) {
      return;
    }
    writer(split ? verdict : 0)
        .write(
            MemorySegment.ofArray(packet), 0, packet.length, packet.length + lost, timestampNanos);
  }

  @Override
  public void close() throws IOException {
    IOException first = null;
    for (CaptureWriter writer : writers.values()) {
      try {
        writer.close();
      } catch (IOException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  private CaptureWriter writer(int key) throws IOException {
    CaptureWriter writer = writers.get(key);
    if (writer == null) {
      if (writers.size() == MAX_FILES) {
        throw new RefusedException(
            "--write %s: there are more than %d different verdicts: leave %s out"
                .formatted(file, MAX_FILES, BY_VERDICT));
      }
      writer = CaptureWriter.create(Path.of(file.replace(BY_VERDICT, Verdicts.name(type, key))));
      writers.put(key, writer);
    }
    return writer;
  }
}
