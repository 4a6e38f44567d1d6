package io.ebpf4j.pcap;

import java.io.IOException;

/**
 * A capture that cannot be read further: not a capture at all, damaged, cut off, or of a link type
 * that is not read. The message is one sentence with file, byte, what, why, and what to do.
 */
public final class CaptureFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String file;
  private final long offset;

  /**
   * A failure at a byte.
   *
   * @param unpacked whether {@code offset} counts what a compressed file unpacks to
   */
  CaptureFormatException(String file, long offset, boolean unpacked, String sentence) {
    super(file + (unpacked ? ", unpacked byte " : ", byte ") + offset + ": " + sentence);
    this.file = file;
    this.offset = offset;
  }

  /** The file's name as it was given, or {@code standard input}. */
  public String file() {
    return file;
  }

  /**
   * Where in the capture the trouble begins, in bytes from 0. In a compressed file this counts the
   * bytes after decompression, but for a file that ends in the middle: there it is the file's end.
   */
  public long offset() {
    return offset;
  }
}
