package io.ebpf4j.junit.packet;

import java.util.HexFormat;

/**
 * An Ethernet address.
 *
 * @param number its 48 bits
 */
public record MacAddress(long number) {
  /** To all. */
  public static final MacAddress BROADCAST = new MacAddress(0xffff_ffff_ffffL);

  /**
   * Checks the range.
   *
   * @throws IllegalArgumentException where there are more than 48 bits
   */
  public MacAddress {
    if (number >>> 48 != 0) {
      throw new IllegalArgumentException(
          "an Ethernet address has 48 bits, not %x".formatted(number));
    }
  }

  /**
   * Reads {@code 02:00:00:00:00:01}.
   *
   * @throws IllegalArgumentException where it is no such address
   */
  public static MacAddress of(String text) {
    if (!text.matches("(\\p{XDigit}{2}:){5}\\p{XDigit}{2}")) {
      throw new IllegalArgumentException(
          "'%s' is no Ethernet address: write six bytes as 02:00:00:00:00:01".formatted(text));
    }
    return new MacAddress(HexFormat.fromHexDigitsToLong(text.replace(":", "")));
  }

  @Override
  public String toString() {
    return "%012x".formatted(number).replaceAll("..(?!$)", "$0:");
  }
}
