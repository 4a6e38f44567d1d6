package io.ebpf4j.cli;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.HexFormat;
import java.util.Locale;

/**
 * A value as it is written on the command line: {@code 17}, {@code 0x11}, {@code 1.5}, {@code
 * true}, JSON for a struct or array, {@code hex:0a0b} for bytes as they lie in memory, or else a
 * word.
 */
final class Literal {
  private Literal() {}

  /**
   * What is meant: a {@link BigInteger}, {@link BigDecimal}, {@link Boolean}, {@link String}, a
   * list or a map of such, or {@code byte[]} for {@code hex:}.
   *
   * @throws IllegalArgumentException with what is wrong about it
   */
  static Object parse(String text) {
    if (text.startsWith("hex:")) {
      return bytes(text.substring("hex:".length()));
    }
    if (text.startsWith("{") || text.startsWith("[") || text.startsWith("\"")) {
      return JsonText.parse(text);
    }
    if (text.equals("true") || text.equals("false")) {
      return Boolean.valueOf(text);
    }
    return isNumberLike(text) ? number(text) : text;
  }

  /**
   * A number: a {@link BigInteger} in decimal or 0x, or with a point or an exponent a {@link
   * BigDecimal}.
   *
   * @throws IllegalArgumentException where it is none
   */
  static Number number(String text) {
    try {
      return text.matches("-?[0-9]*\\.?[0-9]*([eE][+-]?[0-9]{1,4})?") && !text.matches("-?[0-9]*")
          ? new BigDecimal(text)
          : wholeNumber(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' is no number", e);
    }
  }

  /**
   * A whole number in decimal or 0x.
   *
   * @throws IllegalArgumentException where it is none
   */
  static BigInteger wholeNumber(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    boolean negative = lower.startsWith("-");
    String digits = negative ? lower.substring(1) : lower;
    try {
      BigInteger value =
          digits.startsWith("0x")
              ? new BigInteger(unsigned(digits.substring(2)), 16)
              : new BigInteger(unsigned(digits));
      return negative ? value.negate() : value;
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "'" + text + "' is no whole number: write it in decimal or with 0x", e);
    }
  }

  /**
   * Bytes from pairs of hexadecimal digits, with blanks or colons between them or not.
   *
   * @throws IllegalArgumentException where they are none
   */
  static byte[] bytes(String text) {
    String digits = text.replaceAll("[\\s:]", "");
    try {
      return HexFormat.of().parseHex(digits);
    } catch (IllegalArgumentException e) {
      String why =
          digits.length() % 2 == 1
              ? "it has an odd number of digits"
              : "it has other characters than hexadecimal digits";
      throw new IllegalArgumentException(
          "'%s' is no sequence of bytes: %s; write two digits for each byte"
              .formatted(shortened(text), why),
          e);
    }
  }

  private static boolean isNumberLike(String text) {
    int first = text.startsWith("-") ? 1 : 0;
    return first < text.length()
        && (Character.digit(text.charAt(first), 10) >= 0 || text.charAt(first) == '.');
  }

  private static String unsigned(String digits) {
    if (digits.startsWith("-") || digits.startsWith("+")) {
      throw new NumberFormatException("two signs");
    }
    return digits;
  }

  static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }
}
