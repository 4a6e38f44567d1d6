package io.ebpf4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A value as it is written on the command line: {@code 17}, {@code 0x11}, {@code true}, JSON for a
 * struct or array, {@code hex:0a0b} for bytes as they lie in memory, or else a word.
 */
final class Literal {
  private Literal() {}

  /**
   * What is meant: a {@link BigInteger}, {@link Double}, {@link Boolean}, {@link String}, a list or
   * a map of such, or {@code byte[]} for {@code hex:}.
   *
   * @throws IllegalArgumentException with what is wrong about it
   */
  static Object parse(String text) {
    if (text.startsWith("hex:")) {
      return bytes(text.substring("hex:".length()));
    }
    if (text.startsWith("{") || text.startsWith("[") || text.startsWith("\"")) {
      return json(text);
    }
    if (text.equals("true") || text.equals("false")) {
      return Boolean.valueOf(text);
    }
    return isNumberLike(text) ? number(text) : text;
  }

  /**
   * A whole number in decimal or 0x.
   *
   * @throws IllegalArgumentException where it is none
   */
  static BigInteger number(String text) {
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
          "'" + text + "' is no number: write it in decimal or with 0x", e);
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
    return first < text.length() && Character.digit(text.charAt(first), 10) >= 0;
  }

  private static String unsigned(String digits) {
    if (digits.startsWith("-") || digits.startsWith("+")) {
      throw new NumberFormatException("two signs");
    }
    return digits;
  }

  private static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }

  private static Object json(String text) {
    try (JsonParser parser = new JsonFactory().createParser(text)) {
      parser.nextToken();
      Object value = value(parser);
      if (parser.nextToken() != null) {
        throw new IllegalArgumentException(
            "'" + shortened(text) + "' goes on behind its JSON value");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "'%s' is no JSON: %s (character %d)"
              .formatted(shortened(text), e.getOriginalMessage(), e.getLocation().getColumnNr()),
          e);
    } catch (IOException e) {
      throw new IllegalArgumentException("'" + shortened(text) + "' cannot be read", e);
    }
  }

  private static Object value(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, Object> members = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          members.put(name, value(parser));
        }
        yield members;
      }
      case START_ARRAY -> {
        List<Object> elements = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          elements.add(value(parser));
        }
        yield elements;
      }
      case VALUE_NUMBER_INT -> parser.getBigIntegerValue();
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_STRING -> textOrHexNumber(parser.getText());
      default ->
          throw new IllegalArgumentException(
              "JSON's " + parser.getText() + " is no value of a C type");
    };
  }

  /** JSON has no hexadecimal numbers, so {@code "0x11"} is one. */
  private static Object textOrHexNumber(String text) {
    return text.matches("-?0[xX][0-9a-fA-F]+") ? number(text) : text;
  }
}
