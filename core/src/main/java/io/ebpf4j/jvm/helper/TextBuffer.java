package io.ebpf4j.jvm.helper;

import io.ebpf4j.jvm.memory.Memory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Text of bounded size that goes on counting where it is full, as snprintf(3) does, and the layout
 * of numbers and strings in it. Used by one thread, again and again.
 */
final class TextBuffer {
  /** Linux cuts a field width there. */
  private static final int MAX_WIDTH = (1 << 23) - 1;

  private byte[] bytes = new byte[128];
  private long limit;
  private long length;

  /** How a value is laid out: in its field, with its sign. */
  record Layout(boolean left, boolean zeros, boolean plus, boolean space, int width) {
    /** No padding. */
    static final Layout PLAIN = new Layout(false, false, false, false, -1);

    /** This in a field of that many digits with leading zeros, where it has no width. */
    Layout orZeros(int digits) {
      return width == -1 ? new Layout(left, true, plus, space, digits) : this;
    }
  }

  /** Forgets the text; at most {@code newLimit} bytes will be kept. */
  void clear(long newLimit) {
    limit = newLimit;
    length = 0;
  }

  /** Bytes of the text, those not kept too. */
  long length() {
    return length;
  }

  void append(int character) {
    if (length < limit) {
      reserve((int) length + 1);
      bytes[(int) length] = (byte) character;
    }
    length++;
  }

  /** A string, between spaces. */
  void append(byte[] text, int count, Layout layout) {
    int padding = padding(layout, count);
    pad(' ', layout.left() ? 0 : padding);
    for (int i = 0; i < count; i++) {
      append(text[i]);
    }
    pad(' ', layout.left() ? padding : 0);
  }

  /** A number: {@code magnitude} is unsigned, {@code sign} a character or 0. */
  void appendNumber(long magnitude, int sign, int radix, boolean upper, Layout layout) {
    String digits = Long.toUnsignedString(magnitude, radix);
    boolean zeros = layout.zeros() && !layout.left();
    int padding = padding(layout, digits.length() + (sign == 0 ? 0 : 1));
    pad(' ', layout.left() || zeros ? 0 : padding);
    if (sign != 0) {
      append(sign);
    }
    pad('0', zeros ? padding : 0);
    for (int i = 0; i < digits.length(); i++) {
      char digit = digits.charAt(i);
      append(upper ? Character.toUpperCase(digit) : digit);
    }
    pad(' ', layout.left() ? padding : 0);
  }

  /** Copies what was kept, and a zero, into raw memory. */
  void copyTo(long address) {
    int kept = (int) Math.min(length, limit);
    Memory.copy(bytes, 0, address, kept);
    Memory.putByte(address + kept, (byte) 0);
  }

  /** Copies what was kept into an array. */
  void copyTo(byte[] target, int offset) {
    System.arraycopy(bytes, 0, target, offset, (int) Math.min(length, limit));
  }

  /** What was kept, up to the first zero. */
  String firstString() {
    int kept = (int) Math.min(length, limit);
    int end = 0;
    while (end < kept && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, 0, end, StandardCharsets.UTF_8);
  }

  private static int padding(Layout layout, int used) {
    return Math.max(Math.min(layout.width(), MAX_WIDTH) - used, 0);
  }

  private void pad(int character, int count) {
    long kept = Math.clamp(limit - length, 0, count);
    if (kept > 0) {
      reserve((int) (length + kept));
      Arrays.fill(bytes, (int) length, (int) (length + kept), (byte) character);
    }
    length += count;
  }

  private void reserve(int size) {
    if (size > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(size, bytes.length * 2));
    }
  }
}
