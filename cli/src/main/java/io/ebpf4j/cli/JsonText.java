package io.ebpf4j.cli;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads a JSON value that was written on the command line. What is wrong is said with its column,
 * counted from 1.
 */
final class JsonText {
  private static final int DEEPEST = 100;

  private final String text;
  private int at;
  private int depth;

  private JsonText(String text) {
    this.text = text;
  }

  /**
   * The value: a {@link Map}, {@link List}, {@link String}, {@link Boolean}, {@link BigInteger} or
   * {@link BigDecimal}. A string such as {@code "0x11"} is a number, for which JSON has no digits.
   *
   * @throws IllegalArgumentException with what is wrong at which column
   */
  static Object parse(String text) {
    JsonText parser = new JsonText(text);
    Object value = parser.value();
    parser.skipBlanks();
    if (parser.at < text.length()) {
      throw parser.expected("the end");
    }
    return value;
  }

  private Object value() {
    skipBlanks();
    if (at == text.length()) {
      throw expected("a value");
    }
    return switch (text.charAt(at)) {
      case '{' -> object();
      case '[' -> array();
      case '"' -> textOrHexNumber(string());
      case 't' -> word("true", true);
      case 'f' -> word("false", false);
      default -> number();
    };
  }

  private Map<String, Object> object() {
    enter();
    Map<String, Object> members = new LinkedHashMap<>();
    if (!takes('}')) {
      do {
        skipBlanks();
        int begin = at;
        if (at == text.length() || text.charAt(at) != '"') {
          throw expected("a member's name in quotes");
        }
        String name = string();
        if (!takes(':')) {
          throw expected("a colon");
        }
        if (members.put(name, value()) != null) {
          at = begin;
          throw wrong("the member \"" + name + "\" stands there again");
        }
      } while (takes(','));
      if (!takes('}')) {
        throw expected("a comma or }");
      }
    }
    depth--;
    return members;
  }

  private List<Object> array() {
    enter();
    List<Object> elements = new ArrayList<>();
    if (!takes(']')) {
      do {
        elements.add(value());
      } while (takes(','));
      if (!takes(']')) {
        throw expected("a comma or ]");
      }
    }
    depth--;
    return elements;
  }

  private void enter() {
    if (++depth > DEEPEST) {
      throw wrong("it is nested deeper than " + DEEPEST + " levels");
    }
    at++;
  }

  private String string() {
    StringBuilder string = new StringBuilder();
    at++;
    while (at < text.length()) {
      char character = text.charAt(at);
      if (character == '"') {
        at++;
        return string.toString();
      }
      if (character < ' ') {
        throw expected("\\n or \\u and four digits for a control character");
      }
      if (character == '\\') {
        at++;
        string.append(escaped());
      } else {
        string.append(character);
      }
      at++;
    }
    throw expected("a closing quote");
  }

  private char escaped() {
    char character = at < text.length() ? text.charAt(at) : 0;
    return switch (character) {
      case '"', '\\', '/' -> character;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> {
        int code = 0;
        for (int digits = 0; digits < 4; digits++) {
          at++;
          int digit = at < text.length() ? Character.digit(text.charAt(at), 16) : -1;
          if (digit < 0) {
            throw expected("four hexadecimal digits");
          }
          code = code << 4 | digit;
        }
        yield (char) code;
      }
      default -> throw expected("one of \"\\/bfnrtu behind the backslash");
    };
  }

  private Object word(String word, boolean value) {
    if (!text.startsWith(word, at)) {
      throw expected("a value");
    }
    at += word.length();
    return value;
  }

  private Object number() {
    int begin = at;
    while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    String digits = text.substring(begin, at);
    if (digits.isEmpty()) {
      throw text.startsWith("null", at)
          ? wrong("null is no value of a C type")
          : expected("a value");
    }
    try {
      return Literal.number(digits);
    } catch (IllegalArgumentException e) {
      at = begin;
      throw wrong("'" + digits + "' is no number");
    }
  }

  private static Object textOrHexNumber(String text) {
    return text.matches("-?0[xX][0-9a-fA-F]+") ? Literal.number(text) : text;
  }

  private boolean takes(char wanted) {
    skipBlanks();
    boolean found = at < text.length() && text.charAt(at) == wanted;
    if (found) {
      at++;
    }
    return found;
  }

  private void skipBlanks() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
  }

  private IllegalArgumentException expected(String what) {
    return wrong(
        at < text.length()
            ? "%s is expected, and not '%c'".formatted(what, text.charAt(at))
            : "%s is missing".formatted(what));
  }

  private IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException(
        "'%s' is no JSON that can be used: column %d: %s"
            .formatted(Literal.shortened(text), at + 1, what));
  }
}
