package io.ebpf4j.isa;

import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A reading position in one line of assembly text, whose comment is left out. */
final class SourceLine {
  private static final int SHOWN = 20;

  private final String text;
  private final int number;
  private int position;

  /**
   * @param number the line's number from 1
   */
  SourceLine(String line, int number) {
    this.text = withoutComment(line);
    this.number = number;
  }

  private static String withoutComment(String line) {
    int end = line.length();
    for (String mark : List.of(";", "//")) {
      int found = line.indexOf(mark);
      end = found < 0 ? end : Math.min(end, found);
    }
    return line.substring(0, end).stripTrailing();
  }

  int number() {
    return number;
  }

  /** The place of the next char that is no blank, from 1. */
  int column() {
    skipBlanks();
    return position + 1;
  }

  boolean atEnd() {
    skipBlanks();
    return position == text.length();
  }

  void expectEnd() {
    if (!atEnd()) {
      throw expected("the end of the line");
    }
  }

  private void skipBlanks() {
    while (position < text.length() && Character.isWhitespace(text.charAt(position))) {
      position++;
    }
  }

  private char peek() {
    return position < text.length() ? text.charAt(position) : '\n';
  }

  /** Reads the symbol if it comes next. */
  boolean take(String symbol) {
    skipBlanks();
    boolean found = text.startsWith(symbol, position);
    position += found ? symbol.length() : 0;
    return found;
  }

  void expect(String symbol) {
    if (!take(symbol)) {
      throw expected("\"" + symbol + "\"");
    }
  }

  /** Reads the first of the symbols that comes next, or nothing and returns null. */
  @Nullable String takeOneOf(List<String> symbols) {
    for (String symbol : symbols) {
      if (take(symbol)) {
        return symbol;
      }
    }
    return null;
  }

  /** The word that comes next, unread, or the empty string. */
  String peekWord() {
    skipBlanks();
    int end = position;
    while (end < text.length() && isWordPart(text.charAt(end))) {
      end++;
    }
    return isDigit(peek()) ? "" : text.substring(position, end);
  }

  private static boolean isWordPart(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || isDigit(c) || "_.$".indexOf(c) >= 0;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** Reads the word if it, and not only its beginning, comes next. */
  boolean takeWord(String word) {
    boolean found = peekWord().equals(word);
    position += found ? word.length() : 0;
    return found;
  }

  void expectWord(String word) {
    if (!takeWord(word)) {
      throw expected("\"" + word + "\"");
    }
  }

  String word(String what) {
    String word = peekWord();
    if (word.isEmpty()) {
      throw expected(what);
    }
    position += word.length();
    return word;
  }

  /** Reads a word that a colon follows, or nothing and returns null. */
  @Nullable String takeLabel() {
    int start = position;
    String word = peekWord();
    if (!word.isEmpty()) {
      position += word.length();
      if (take(":")) {
        return word;
      }
    }
    position = start;
    return null;
  }

  /** Reads a slot's number and the colon behind it, or nothing and returns -1. */
  int takeSlot() {
    int start = position;
    if (nextIsDigit()) {
      long slot = number("a slot number", 0, Integer.MAX_VALUE);
      if (take(":")) {
        return (int) slot;
      }
    }
    position = start;
    return -1;
  }

  /** Reads an opcode of two hexadecimal digits in parentheses, or nothing and returns -1. */
  int takeOpcode() {
    skipBlanks();
    if (peek() != '(') {
      return -1;
    }
    if (!text.regionMatches(position + 3, ")", 0, 1)
        || !HexFormat.isHexDigit(text.charAt(position + 1))
        || !HexFormat.isHexDigit(text.charAt(position + 2))) {
      throw expected("an opcode of two hexadecimal digits in parentheses");
    }
    position += 4;
    return HexFormat.fromHexDigits(text, position - 3, position - 1);
  }

  /** Reads the text in brackets up to a comma or the closing bracket, but neither of these. */
  String bracketed(String what) {
    skipBlanks();
    int end = position;
    while (end < text.length() && "],".indexOf(text.charAt(end)) < 0) {
      end++;
    }
    String name = text.substring(position, end).strip();
    if (name.isEmpty()) {
      throw expected(what);
    }
    position = end;
    return name;
  }

  private boolean nextIsDigit() {
    skipBlanks();
    return isDigit(peek());
  }

  /** Whether a digit or a sign comes next. */
  boolean nextIsNumber() {
    return nextIsDigit() || peek() == '-' || peek() == '+';
  }

  /** Reads a minus sign that no digit follows. */
  boolean takeNegation() {
    skipBlanks();
    boolean found =
        peek() == '-' && position + 1 < text.length() && !isDigit(text.charAt(position + 1));
    position += found ? 1 : 0;
    return found;
  }

  /** This place, to come back to. */
  int mark() {
    return position;
  }

  void reset(int mark) {
    position = mark;
  }

  /** Whether a hexadecimal number comes next, with or without a sign. */
  boolean nextIsHexadecimal() {
    skipBlanks();
    int start = peek() == '-' || peek() == '+' ? position + 1 : position;
    return text.startsWith("0x", start);
  }

  /** Reads a decimal or hexadecimal number, with or without a sign. */
  long number(String what, long min, long max) {
    int start = column() - 1;
    boolean negative = peek() == '-';
    long magnitude = magnitude(what);
    long value = negative ? -magnitude : magnitude;
    boolean overflows = negative ? value > 0 : magnitude < 0;
    if (overflows || value < min || value > max) {
      position = start;
      throw expected("%s from %d to %d".formatted(what, min, max));
    }
    return value;
  }

  /** Reads any 64-bit number, signed or unsigned. */
  long wideNumber() {
    int start = column() - 1;
    boolean negative = peek() == '-';
    long magnitude = magnitude("a number of at most 64 bits");
    if (negative && magnitude < 0 && magnitude != Long.MIN_VALUE) {
      position = start;
      throw expected("a number of at most 64 bits");
    }
    return negative ? -magnitude : magnitude;
  }

  private long magnitude(String what) {
    skipBlanks();
    int start = position;
    if (peek() == '-' || peek() == '+') {
      position++;
      skipBlanks();
    }
    int radix = 10;
    if (text.startsWith("0x", position)) {
      radix = 16;
      position += 2;
    }
    int digits = position;
    while (position < text.length() && isWordPart(text.charAt(position))) {
      position++;
    }
    try {
      return Long.parseUnsignedLong(text.substring(digits, position), radix);
    } catch (NumberFormatException notANumber) {
      position = start;
      throw expected(what);
    }
  }

  /** An error at this place: what is expected, and what stands there. */
  AssemblyException expected(String what) {
    skipBlanks();
    String rest = text.substring(position);
    String found =
        rest.isEmpty()
            ? "the end of the line"
            : "\"" + (rest.length() > SHOWN ? rest.substring(0, SHOWN) + "…" : rest) + "\"";
    return error("expected " + what + ", found " + found);
  }

  /** An error at this place. */
  AssemblyException error(String sentence) {
    return error(column(), sentence);
  }

  /** An error at that column of this line. */
  AssemblyException error(int column, String sentence) {
    return new AssemblyException(number, column, sentence);
  }
}
