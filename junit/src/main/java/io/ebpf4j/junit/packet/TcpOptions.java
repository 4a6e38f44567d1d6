package io.ebpf4j.junit.packet;

import java.nio.ByteBuffer;

/**
 * TCP options, RFC 9293 and 7323, in the order in which they are added. The header pads them with
 * zeros to a multiple of 4 bytes.
 *
 * @param bytes as they stand in the header, 40 at most
 */
public record TcpOptions(Bytes bytes) {
  /** No options. */
  public static final TcpOptions NONE = new TcpOptions(Bytes.NONE);

  /** The largest segment that the sender takes, in bytes. */
  public TcpOptions maximumSegmentSize(int size) {
    return option(2, Bytes.of((byte) (size >>> 8), (byte) size));
  }

  /** By how many bits the window is shifted, 0 to 14. */
  public TcpOptions windowScale(int shift) {
    return option(3, Bytes.of((byte) shift));
  }

  /** Selective acknowledgments may be sent. */
  public TcpOptions sackPermitted() {
    return option(4, Bytes.NONE);
  }

  /** A block of sequence numbers that has come, from {@code left} to before {@code right}. */
  public TcpOptions sack(int left, int right) {
    return option(5, Bytes.of(ByteBuffer.allocate(8).putInt(left).putInt(right).array()));
  }

  /** The sender's time, and the one that it echoes. */
  public TcpOptions timestamps(int value, int echo) {
    return option(8, Bytes.of(ByteBuffer.allocate(8).putInt(value).putInt(echo).array()));
  }

  /** Any option that has a length. */
  public TcpOptions option(int kind, Bytes data) {
    return new TcpOptions(Options.with(bytes, kind, data));
  }

  /** One byte of nothing, for alignment. */
  public TcpOptions noOperation() {
    return new TcpOptions(bytes.then((byte) Options.NO_OPERATION));
  }

  @Override
  public String toString() {
    return Options.described(bytes, TcpOptions::word);
  }

  private static String word(int kind, byte[] data) {
    ByteBuffer in = ByteBuffer.wrap(data);
    if (kind == 2 && data.length == 2) {
      return "maximum segment size %d".formatted(in.getShort() & 0xffff);
    }
    if (kind == 3 && data.length == 1) {
      return "window scale %d".formatted(in.get());
    }
    if (kind == 4 && data.length == 0) {
      return "SACK permitted";
    }
    if (kind == 5 && data.length == 8) {
      return "SACK %s to %s"
          .formatted(Integer.toUnsignedString(in.getInt()), Integer.toUnsignedString(in.getInt()));
    }
    if (kind == 8 && data.length == 8) {
      return "timestamps %s echo %s"
          .formatted(Integer.toUnsignedString(in.getInt()), Integer.toUnsignedString(in.getInt()));
    }
    return Options.unknown(kind, data);
  }
}
