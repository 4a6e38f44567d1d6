package io.ebpf4j.pcap;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Reads the packets of a capture one after the other: pcap (either byte order, micro- or
 * nanoseconds) or pcapng, of Ethernet frames, also compressed by gzip. The format is told by the
 * content. Memory is constant: {@link #next} moves this view to the next packet, whose bytes stay
 * until the following {@code next} or {@code close}, and nothing is allocated for a packet.
 *
 * <p>Not safe for use by several threads at once.
 */
public abstract sealed class CaptureReader implements AutoCloseable
    permits PcapReader, PcapngReader {
  /** The most bytes that a packet may have in a capture, as libpcap has it. */
  public static final int MAX_PACKET_BYTES = 1 << 18;

  final CaptureInput input;

  int dataOffset;
  int capturedLength;
  int originalLength;
  int interfaceId;

  private long packets;
  private long truncatedPackets;

  CaptureReader(CaptureInput input) {
    this.input = input;
  }

  /**
   * Opens a capture file.
   *
   * @throws CaptureFormatException where it does not begin as a capture does
   * @throws IOException where it cannot be read; the message is a sentence with the file's name
   */
  public static CaptureReader open(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException(file + " is a directory: give a capture file");
    }
    FileChannel channel;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
    } catch (NoSuchFileException e) {
      throw new IOException(file + " does not exist: give the path of a capture file", e);
    } catch (AccessDeniedException e) {
      throw new IOException(file + " may not be read: permission denied", e);
    }
    return of(new CaptureInput(file.toString(), channel));
  }

  /**
   * Reads a capture from a stream, which is closed with the reader.
   *
   * @param name what errors call it, such as {@code standard input}
   * @throws CaptureFormatException where it does not begin as a capture does
   */
  public static CaptureReader read(InputStream stream, String name) throws IOException {
    return of(new CaptureInput(name, Channels.newChannel(stream)));
  }

  /**
   * Moves to the next packet.
   *
   * @return false at the capture's end
   * @throws CaptureFormatException where the capture is damaged or cut off here; the packets before
   *     were good
   */
  public final boolean next() throws IOException {
    if (!advance()) {
      capturedLength = 0;
      originalLength = 0;
      return false;
    }
    packets++;
    if (originalLength > capturedLength) {
      truncatedPackets++;
    }
    return true;
  }

  /** The memory that the packet lies in, at {@link #offset}; always the same segment. */
  public final MemorySegment memory() {
    return input.segment();
  }

  /** Where in {@link #memory} the packet begins. */
  public final int offset() {
    return dataOffset;
  }

  /** Bytes of the packet that the capture holds: 0 to {@link #MAX_PACKET_BYTES}. */
  public final int capturedLength() {
    return capturedLength;
  }

  /** Bytes that the packet had on the wire; more than were captured where it was truncated. */
  public final int originalLength() {
    return originalLength;
  }

  /** When the packet was captured: nanoseconds since 1970 in UTC; 0 where the capture says none. */
  public abstract long timestampNanos();

  /** The number of the interface in its section, from 0; always 0 in pcap. */
  public final int interfaceId() {
    return interfaceId;
  }

  /** Packets read so far. */
  public final long packets() {
    return packets;
  }

  /** Packets read so far that were truncated when they were recorded. */
  public final long truncatedPackets() {
    return truncatedPackets;
  }

  /** Bytes of the file read so far, as they lie on disk: for a progress bar. */
  public final long bytesRead() {
    return input.consumedFromFile();
  }

  /** Closes the file or stream. The memory of {@link #memory} is gone then. */
  @Override
  public final void close() throws IOException {
    input.close();
  }

  abstract boolean advance() throws IOException;

  private static CaptureReader of(CaptureInput input) throws IOException {
    try {
      if (!input.require(4)) {
        throw input.malformed(
            input.bytes().hasRemaining()
                ? "these " + input.bytes().remaining() + " bytes are no capture: record it again"
                : "the capture is empty, it has not even a file header: record it again");
      }
      ByteBuffer bytes = input.bytes();
      int magic = bytes.order(ByteOrder.LITTLE_ENDIAN).getInt(0);
      if (magic == PcapngReader.SECTION_HEADER) {
        return new PcapngReader(input);
      }
      if (PcapReader.isMagic(magic)) {
        return new PcapReader(input, ByteOrder.LITTLE_ENDIAN);
      }
      if (PcapReader.isMagic(Integer.reverseBytes(magic))) {
        return new PcapReader(input, ByteOrder.BIG_ENDIAN);
      }
      throw input.malformed(
          "the file begins with %08x, which no capture does: give a pcap or pcapng file, as"
                  .formatted(Integer.reverseBytes(magic))
              + " \"tcpdump -w\" and Wireshark write them");
    } catch (IOException | RuntimeException | Error e) {
      input.close();
      throw e;
    }
  }
}
