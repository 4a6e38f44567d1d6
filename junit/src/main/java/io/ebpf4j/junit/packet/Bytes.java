package io.ebpf4j.junit.packet;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/** Bytes that do not change, equal where their contents are. */
public final class Bytes {
  /** No bytes. */
  public static final Bytes NONE = new Bytes(new byte[0]);

  private static final int SHOWN = 64;

  private final byte[] bytes;

  private Bytes(byte[] bytes) {
    this.bytes = bytes;
  }

  /** A copy of those bytes. */
  public static Bytes of(byte... bytes) {
    return new Bytes(bytes.clone());
  }

  /** The bytes that hexadecimal digits tell. */
  public static Bytes ofHex(String digits) {
    return new Bytes(HexFormat.of().parseHex(digits));
  }

  /** Text in UTF-8. */
  public static Bytes ofText(String text) {
    return new Bytes(text.getBytes(StandardCharsets.UTF_8));
  }

  /** That many zeros. */
  public static Bytes zeros(int length) {
    return new Bytes(new byte[length]);
  }

  /** How many there are. */
  public int length() {
    return bytes.length;
  }

  /** A copy. */
  public byte[] toArray() {
    return bytes.clone();
  }

  /** These and then those. */
  Bytes then(byte... more) {
    byte[] all = Arrays.copyOf(bytes, bytes.length + more.length);
    System.arraycopy(more, 0, all, bytes.length, more.length);
    return new Bytes(all);
  }

  /** These and as many zeros as make their number a multiple of {@code unit}. */
  Bytes padded(int unit) {
    return new Bytes(Arrays.copyOf(bytes, (bytes.length + unit - 1) / unit * unit));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bytes same && Arrays.equals(bytes, same.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** Their number and the first of them in hexadecimal. */
  @Override
  public String toString() {
    String shown = HexFormat.of().formatHex(bytes, 0, Math.min(SHOWN, bytes.length));
    return bytes.length == 0
        ? "none"
        : "%d bytes %s%s".formatted(bytes.length, shown, bytes.length > SHOWN ? "…" : "");
  }
}
