package io.ebpf4j.pcap;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;

/**
 * Writes Ethernet packets to a capture file with nanosecond timestamps: pcapng where the file's
 * name ends in {@code .pcapng}, else pcap; compressed where {@code .gz} follows. What is written is
 * whole only after {@link #close} has returned. Nothing is allocated for a packet.
 *
 * <p>Not safe for use by several threads at once.
 */
public abstract sealed class CaptureWriter implements AutoCloseable
    permits PcapWriter, PcapngWriter {
  private static final int BUFFER = 1 << 20;
  private static final String COMPRESSED = ".gz";

  /** More than any packet needs around its bytes. */
  private static final int OVERHEAD = 64;

  private final String file;
  private final WritableByteChannel channel;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment = arena.allocate(BUFFER, 64);
  final ByteBuffer buffer = segment.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  private long packets;
  private boolean failed;
  private boolean closed;

  CaptureWriter(String file, WritableByteChannel channel) {
    this.file = file;
    this.channel = channel;
    writeFileHeader();
  }

  /**
   * Creates the file, or empties one that exists.
   *
   * @throws IOException where it cannot be; the message is a sentence with the file's name
   */
  public static CaptureWriter create(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException(file + " is a directory: give the path of a file to write");
    }
    WritableByteChannel channel;
    try {
      channel =
          Files.newByteChannel(
              file,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE);
    } catch (NoSuchFileException e) {
      throw new IOException(file + " cannot be written: its directory does not exist", e);
    } catch (AccessDeniedException e) {
      throw new IOException(file + " cannot be written: permission denied", e);
    } catch (IOException e) {
      throw new IOException(file + " cannot be written: " + reason(file, e), e);
    }
    return to(compressed(file) ? gzip(channel) : channel, file.toString());
  }

  private static boolean compressed(Path file) {
    return file.toString().toLowerCase(Locale.ROOT).endsWith(COMPRESSED);
  }

  private static WritableByteChannel gzip(WritableByteChannel channel) throws IOException {
    try {
      return Channels.newChannel(new GZIPOutputStream(Channels.newOutputStream(channel), BUFFER));
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** Writes to a channel, which is closed with the writer; {@code file} chooses the format. */
  static CaptureWriter to(WritableByteChannel channel, String file) {
    String name = file.toLowerCase(Locale.ROOT);
    String bare = name.endsWith(COMPRESSED) ? name.substring(0, name.length() - 3) : name;
    return bare.endsWith(".pcapng")
        ? new PcapngWriter(file, channel)
        : new PcapWriter(file, channel);
  }

  /**
   * Adds a packet.
   *
   * @param memory where its bytes lie
   * @param offset where in {@code memory} they begin
   * @param length how many they are: at most {@link CaptureReader#MAX_PACKET_BYTES}
   * @param originalLength bytes that it had on the wire, at least {@code length}
   * @param timestampNanos nanoseconds since 1970; pcap keeps the seconds in 32 bits
   * @throws IOException where the file cannot be written: it is then incomplete, and the message is
   *     a sentence that says so
   */
  public final void write(
      MemorySegment memory, long offset, int length, int originalLength, long timestampNanos)
      throws IOException {
    if (length < 0 || length > CaptureReader.MAX_PACKET_BYTES || originalLength < length) {
      throw new IllegalArgumentException(
          "a packet of %d bytes, %d on the wire, does not fit a capture"
              .formatted(length, originalLength));
    }
    if (failed || closed) {
      throw new IllegalStateException(file + (closed ? " is closed" : " could not be written"));
    }
    if (buffer.remaining() < length + OVERHEAD) {
      flush();
    }
    beginPacket(length, originalLength, timestampNanos);
    MemorySegment.copy(
        memory,
        ValueLayout.JAVA_BYTE,
        offset,
        segment,
        ValueLayout.JAVA_BYTE,
        buffer.position(),
        length);
    buffer.position(buffer.position() + length);
    endPacket(length);
    packets++;
  }

  /** Packets added so far. */
  public final long packets() {
    return packets;
  }

  /**
   * Writes what is left and closes the file.
   *
   * @throws IOException where the file cannot be written: it is then incomplete
   */
  @Override
  public final void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      if (!failed) {
        flush();
      }
    } finally {
      arena.close();
      closeChannel();
    }
  }

  /** A compressed file gets its last bytes here, so a full disk may show here too. */
  private void closeChannel() throws IOException {
    try {
      channel.close();
    } catch (IOException e) {
      if (!failed) {
        throw incomplete(e);
      }
    }
  }

  abstract void writeFileHeader();

  /** Writes what stands before the packet's bytes. */
  abstract void beginPacket(int length, int originalLength, long timestampNanos);

  /** Writes what stands behind the packet's bytes. */
  abstract void endPacket(int length);

  private void flush() throws IOException {
    buffer.flip();
    try {
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    } catch (IOException e) {
      failed = true;
      throw incomplete(e);
    } finally {
      buffer.clear();
    }
  }

  private IOException incomplete(IOException cause) {
    return new IOException(
        file
            + " could not be written to its end: "
            + reason(Path.of(file), cause)
            + "; the file is incomplete: make room or choose another place, and run again",
        cause);
  }

  /** The message without the file's name that some exceptions begin with. */
  private static String reason(Path file, IOException exception) {
    String message = exception.getMessage();
    if (message == null) {
      return exception.getClass().getSimpleName();
    }
    String prefix = file + ": ";
    return message.startsWith(prefix) ? message.substring(prefix.length()) : message;
  }
}
