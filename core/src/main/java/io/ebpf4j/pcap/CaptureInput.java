package io.ebpf4j.pcap;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * A window of constant size that moves over a capture's bytes, decompressed where they begin with
 * gzip's magic. {@link #bytes} holds what is read but not consumed, from its position to its limit.
 */
final class CaptureInput implements AutoCloseable {
  /** The most bytes that {@link #require} can be asked for. */
  static final int WINDOW = 1 << 20;

  private static final int COMPRESSED_CHUNK = 1 << 16;

  private final String name;
  private final CountingChannel raw;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment = arena.allocate(WINDOW, 64);
  private final ByteBuffer bytes = segment.asByteBuffer().limit(0);
  private ReadableByteChannel channel;
  private boolean atEnd;
  private boolean unpacked;

  /** The offset in the capture of the window's first byte. */
  private long windowOffset;

  /** Takes over the channel: it is closed with this, or here when the first read fails. */
  CaptureInput(String name, ReadableByteChannel channel) throws IOException {
    this.name = name;
    this.raw = new CountingChannel(channel);
    this.channel = raw;
    try {
      if (require(2) && (bytes.get(0) & 0xff) == 0x1f && (bytes.get(1) & 0xff) == 0x8b) {
        decompress();
      }
    } catch (IOException | RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  ByteBuffer bytes() {
    return bytes;
  }

  MemorySegment segment() {
    return segment;
  }

  /** The offset in the capture of the next byte to consume. */
  long offset() {
    return windowOffset + bytes.position();
  }

  /** Bytes taken from the file so far, as they lie there: compressed ones count compressed. */
  long consumedFromFile() {
    return raw.count;
  }

  /**
   * Makes at least {@code count} bytes available in the window.
   *
   * @return false where the capture ends before; what is left is then in the window
   */
  boolean require(int count) throws IOException {
    return bytes.remaining() >= count || fill(count);
  }

  /**
   * Consumes {@code count} bytes without looking at them.
   *
   * @return false where the capture ends before
   */
  boolean skip(long count) throws IOException {
    long left = count;
    while (left > bytes.remaining()) {
      left -= bytes.remaining();
      bytes.position(bytes.limit());
      if (!fill(1)) {
        return false;
      }
    }
    bytes.position(bytes.position() + (int) left);
    return true;
  }

  /** An error at the next byte to consume. */
  CaptureFormatException malformed(String sentence) {
    return new CaptureFormatException(name, offset(), unpacked, sentence);
  }

  /** The error of a capture that ends inside {@code what}. */
  CaptureFormatException cutOff(String what) {
    return cutOff(what, 0);
  }

  /** The same, where the first {@code header} bytes of what is left are not counted. */
  CaptureFormatException cutOff(String what, int header) {
    int left = bytes.remaining() - header;
    return malformed(
        "the capture ends inside "
            + what
            + (left == 1 ? " (1 byte is left)" : " (" + left + " bytes are left)")
            + ": the recording was stopped hard or the file copied in part; copy it"
            + " again, or keep what is whole with \"tcpdump -r\" and \"-w\"");
  }

  @Override
  public void close() throws IOException {
    try (raw) {
      channel.close();
    } finally {
      if (arena.scope().isAlive()) {
        arena.close();
      }
    }
  }

  private boolean fill(int count) throws IOException {
    windowOffset += bytes.position();
    bytes.compact();
    try {
      while (!atEnd && bytes.position() < count) {
        atEnd = channel.read(bytes) < 0;
      }
    } catch (EOFException e) {
      throw damagedCompression(raw.count, false, "the compressed data end in the middle", e);
    } catch (ZipException e) {
      throw damagedCompression(
          windowOffset + bytes.position(),
          unpacked,
          "the compressed data are damaged (" + e.getMessage() + ")",
          e);
    } catch (IOException e) {
      throw new IOException(
          name + ", byte " + (windowOffset + bytes.position()) + ": cannot be read: " + reason(e),
          e);
    } finally {
      bytes.flip();
    }
    return bytes.remaining() >= count;
  }

  private CaptureFormatException damagedCompression(
      long offset, boolean counted, String what, IOException cause) {
    CaptureFormatException exception =
        new CaptureFormatException(
            name,
            offset,
            counted,
            what + ": copy the file again, or save what is left of it with \"zcat\"");
    exception.initCause(cause);
    return exception;
  }

  private void decompress() throws IOException {
    byte[] begun = new byte[bytes.remaining()];
    bytes.get(begun);
    bytes.position(0).limit(0);
    atEnd = false;
    try {
      channel = Channels.newChannel(new GZIPInputStream(new Resumed(begun, raw), COMPRESSED_CHUNK));
    } catch (EOFException | ZipException e) {
      throw damagedCompression(0, false, "the gzip header is damaged or cut off", e);
    }
    unpacked = true;
  }

  private static String reason(IOException exception) {
    String message = exception.getMessage();
    return message == null ? exception.getClass().getSimpleName() : message;
  }

  /** Counts what is read through it. */
  private static final class CountingChannel implements ReadableByteChannel {
    private final ReadableByteChannel channel;
    private long count;

    CountingChannel(ReadableByteChannel channel) {
      this.channel = channel;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
      int read = channel.read(target);
      count += Math.max(read, 0);
      return read;
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  /** The bytes that were read to see the magic, then the rest of the channel. */
  private static final class Resumed extends InputStream {
    private final ByteBuffer begun;
    private final ReadableByteChannel rest;

    Resumed(byte[] begun, ReadableByteChannel rest) {
      this.begun = ByteBuffer.wrap(begun);
      this.rest = rest;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      if (!begun.hasRemaining()) {
        return rest.read(ByteBuffer.wrap(target, offset, length));
      }
      int count = Math.min(length, begun.remaining());
      begun.get(target, offset, count);
      return count;
    }

    /** Never 0: GZIPInputStream would take that for the end of a file of several members. */
    @Override
    public int available() {
      return 1;
    }

    @Override
    public void close() throws IOException {
      rest.close();
    }
  }
}
