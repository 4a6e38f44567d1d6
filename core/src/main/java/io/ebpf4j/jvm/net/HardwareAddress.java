package io.ebpf4j.jvm.net;

import java.util.HexFormat;

/**
 * An Ethernet address of 48 bits, the first byte highest.
 *
 * @param bits above 0 only in the low 48
 */
public record HardwareAddress(long bits) {
  private static final int BYTES = 6;
  private static final HexFormat COLONS = HexFormat.ofDelimiter(":");

  /** Checks that there are 48 bits. */
  public HardwareAddress {
    if (bits >>> (BYTES * Byte.SIZE) != 0) {
      throw new IllegalArgumentException("an Ethernet address has 48 bits: 0x%x".formatted(bits));
    }
  }

  /**
   * Reads an address such as {@code 02:00:00:00:00:01}.
   *
   * @throws IllegalArgumentException where it is none
   */
  public static HardwareAddress parse(String text) {
    byte[] bytes = COLONS.parseHex(text);
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException("an Ethernet address has 6 bytes: " + text);
    }
    long bits = 0;
    for (byte value : bytes) {
      bits = bits << Byte.SIZE | Byte.toUnsignedLong(value);
    }
    return new HardwareAddress(bits);
  }

  /** An address that an administrator may give: for the device with that ifindex. */
  static HardwareAddress ofDevice(int ifindex) {
    return new HardwareAddress(0x02_00_00_00_00_00L + Integer.toUnsignedLong(ifindex));
  }

  /** The six bytes. */
  public byte[] bytes() {
    byte[] bytes = new byte[BYTES];
    for (int i = 0; i < BYTES; i++) {
      bytes[i] = (byte) (bits >>> (BYTES - 1 - i) * Byte.SIZE);
    }
    return bytes;
  }

  @Override
  public String toString() {
    return COLONS.formatHex(bytes());
  }
}
