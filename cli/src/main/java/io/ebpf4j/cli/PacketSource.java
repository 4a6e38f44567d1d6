package io.ebpf4j.cli;

import io.ebpf4j.pcap.CaptureReader;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** The packets of {@code --pcap} files, in their order, then those of {@code --packet}. */
final class PacketSource implements AutoCloseable {
  static final String STANDARD_INPUT = "-";

  private final Queue<String> files;
  private final Queue<byte[]> given;
  private final InputStream standardInput;
  private final long totalBytes;
  private @Nullable CaptureReader reader;
  private long bytesOfClosedFiles;
  private long packets;
  private long truncated;
  private MemorySegment memory = MemorySegment.NULL;
  private int offset;
  private int length;
  private byte[] data = new byte[0];
  private int lost;
  private long timestampNanos;

  PacketSource(List<String> files, List<byte[]> given, InputStream standardInput)
      throws IOException {
    this.files = new ArrayDeque<>(files);
    this.given = new ArrayDeque<>(given);
    this.standardInput = standardInput;
    this.totalBytes = totalBytes(files);
  }

  /**
   * Moves to the next packet.
   *
   * @return false where there are no more
   */
  boolean next() throws IOException {
    while (reader != null || !files.isEmpty()) {
      if (reader == null) {
        reader = open(files.remove());
      }
      if (reader.next()) {
        take(reader);
        return true;
      }
      bytesOfClosedFiles += reader.bytesRead();
      reader.close();
      reader = null;
    }
    byte @Nullable [] packet = given.poll();
    if (packet == null) {
      return false;
    }
    packets++;
    memory = MemorySegment.ofArray(packet);
    offset = 0;
    length = packet.length;
    lost = 0;
    timestampNanos = 0;
    return true;
  }

  /** A copy of the packet's bytes, which the next packet may take the place of. */
  byte[] data() {
    if (data.length != length) {
      data = new byte[length];
    }
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, offset, data, 0, length);
    return data;
  }

  /** The memory that the packet lies in, at {@link #offset}. */
  MemorySegment memory() {
    return memory;
  }

  int offset() {
    return offset;
  }

  int length() {
    return length;
  }

  /** Bytes of the packet that were cut off when it was recorded. */
  int lost() {
    return lost;
  }

  /** When it was recorded, 0 for a packet of the command line. */
  long timestampNanos() {
    return timestampNanos;
  }

  /** Packets so far. */
  long packets() {
    return packets;
  }

  /** Packets so far that were cut when they were recorded. */
  long truncated() {
    return truncated;
  }

  /** Bytes of all files together, or -1 where that is not known. */
  long totalBytes() {
    return totalBytes;
  }

  /** Bytes of files read so far. */
  long bytesRead() {
    return bytesOfClosedFiles + (reader == null ? 0 : reader.bytesRead());
  }

  @Override
  public void close() throws IOException {
    if (reader != null) {
      reader.close();
    }
  }

  private CaptureReader open(String file) throws IOException {
    return file.equals(STANDARD_INPUT)
        ? CaptureReader.read(standardInput, "standard input")
        : CaptureReader.open(Path.of(file));
  }

  private void take(CaptureReader from) {
    packets++;
    memory = from.memory();
    offset = from.offset();
    length = from.capturedLength();
    lost = from.originalLength() - length;
    timestampNanos = from.timestampNanos();
    if (lost > 0) {
      truncated++;
    }
  }

  private static long totalBytes(List<String> files) throws IOException {
    long total = 0;
    for (String file : files) {
      Path path = Path.of(file);
      if (file.equals(STANDARD_INPUT) || !Files.isRegularFile(path)) {
        return -1;
      }
      total += Files.size(path);
    }
    return total;
  }
}
