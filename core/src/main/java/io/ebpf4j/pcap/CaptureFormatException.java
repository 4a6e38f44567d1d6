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

  CaptureFormatException(String file, long offset, String sentence) {
    super(file + ", byte " + offset + ": " + sentence);
    this.file = file;
    this.offset = offset;
  }

  /** The file's name as it was given, or {@code standard input}. */
  public String file() {
    return file;
  }

  /**
   * Where in the capture the trouble begins, in bytes from 0. For a compressed file this counts the
   * bytes after decompression.
   */
  public long offset() {
    return offset;
  }
}
