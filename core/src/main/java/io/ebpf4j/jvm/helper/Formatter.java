package io.ebpf4j.jvm.helper;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.jvm.helper.TextBuffer.Layout;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The format strings of bpf_trace_printk, bpf_trace_vprintk, bpf_snprintf and bpf_seq_printf. Each
 * CPU has one.
 *
 * <p>Between {@code %} and the letter there may be flags ({@code 0 + -} and blank) and a width. The
 * letters are d, i, u, x, X (after l or ll for 64 bits), c, s, and p with what follows it: x for
 * the address, K or nothing for a number in its place, i4, I4, i6 and I6 for IP addresses, ks and
 * us for strings, s, S and B for symbols.
 */
final class Formatter {
  private static final Slot<Formatter> SLOT = Slot.of(Formatter.class);

  /** Arguments that a format may have: MAX_BPRINTF_VARARGS. */
  static final int MAX_ARGUMENTS = 12;

  /** Linux copies the arguments into that many bytes first: MAX_BPRINTF_BIN_ARGS. */
  private static final int ARGUMENT_BYTES = 512;

  private static final int POINTER_DIGITS = 16;
  private static final long FIRST_ERROR_POINTER = -4095;

  final TextBuffer text = new TextBuffer();
  final long[] arguments = new long[MAX_ARGUMENTS];
  private final byte[] string = new byte[ARGUMENT_BYTES];
  private final @Nullable Cpu cpu;
  private long end;
  private long at;
  private int argumentCount;
  private int nextArgument;
  private int argumentBytes;

  private Formatter(@Nullable Cpu cpu) {
    this.cpu = cpu;
  }

  /** The formatter of a CPU. */
  static Formatter of(Cpu cpu) {
    return cpu.slots().getOrSet(SLOT, () -> new Formatter(cpu));
  }

  /** One for formats alone: no argument leads anywhere. */
  static Formatter ofNoCpu() {
    return new Formatter(null);
  }

  /**
   * Formats {@link #arguments} into {@link #text}.
   *
   * @param address of the format, which ends with a zero within {@code size} bytes
   * @param limit bytes of text to keep
   * @return 0, EINVAL below 0 for a malformed format, ENOSPC for strings too long
   */
  int format(long address, long size, int count, long limit) {
    end = address;
    while (end < address + size && Memory.getByte(end) != 0) {
      end++;
    }
    if (end == address + size) {
      return -Errno.EINVAL.number();
    }
    argumentCount = count;
    nextArgument = 0;
    argumentBytes = 0;
    text.clear(limit);
    at = address;
    while (at < end) {
      int character = peek(0);
      boolean printable = character >= ' ' && character != 0x7f;
      if (!printable && !StringHelpers.isSpace(character)) {
        return -Errno.EINVAL.number();
      }
      at++;
      int error = 0;
      if (character != '%') {
        text.append(character);
      } else if (peek(0) == '%') {
        text.append(character);
        at++;
      } else {
        error = conversion();
      }
      if (error != 0) {
        return error;
      }
    }
    return 0;
  }

  private int peek(int ahead) {
    return at + ahead < end ? Memory.getByte(at + ahead) & 0xff : 0;
  }

  private int conversion() {
    if (nextArgument == argumentCount) {
      return -Errno.EINVAL.number();
    }
    Layout layout = layout();
    int letter = peek(0);
    at++;
    return switch (letter) {
      case 'p' -> pointer(layout);
      case 's' -> endsHere() ? string(layout) : -Errno.EINVAL.number();
      case 'c' -> character(layout);
      case 'l' -> {
        at += peek(0) == 'l' ? 1 : 0;
        letter = peek(0);
        at++;
        yield number(letter, true, layout);
      }
      default -> number(letter, false, layout);
    };
  }

  private Layout layout() {
    boolean left = false;
    boolean zeros = false;
    boolean plus = false;
    boolean space = false;
    for (boolean flags = true; flags; ) {
      switch (peek(0)) {
        case '-' -> left = true;
        case '0' -> zeros = true;
        case '+' -> plus = true;
        case ' ' -> space = true;
        default -> flags = false;
      }
      at += flags ? 1 : 0;
    }
    int width = -1;
    if (isDigit(peek(0))) {
      // It overflows as an int does on Linux; what is below 0 then is no width.
      for (width = 0; isDigit(peek(0)); at++) {
        width = width * 10 + peek(0) - '0';
      }
    }
    return new Layout(left, zeros, plus, space, width);
  }

  private int number(int letter, boolean wide, Layout layout) {
    boolean signed = letter == 'd' || letter == 'i';
    if (!signed && letter != 'u' && letter != 'x' && letter != 'X') {
      return -Errno.EINVAL.number();
    }
    long value = arguments[nextArgument++];
    if (!wide) {
      value = signed ? (int) value : Integer.toUnsignedLong((int) value);
    }
    int sign = !signed ? 0 : value < 0 ? '-' : layout.plus() ? '+' : layout.space() ? ' ' : 0;
    long magnitude = signed && value < 0 ? -value : value;
    int radix = letter == 'x' || letter == 'X' ? 16 : 10;
    text.appendNumber(magnitude, sign, radix, letter == 'X', layout);
    return take(wide ? Long.BYTES : Integer.BYTES, Integer.BYTES);
  }

  private int character(Layout layout) {
    string[0] = (byte) arguments[nextArgument++];
    text.append(string, 1, layout);
    return take(1, 1);
  }

  private int pointer(Layout layout) {
    if (endsHere()) {
      return address(hidden(arguments[nextArgument]), layout);
    }
    int kind = peek(0);
    int second = peek(1);
    if ((kind == 'k' || kind == 'u') && second == 's') {
      at += 2;
      if (!endsHere()) {
        return -Errno.EINVAL.number();
      }
      if (kind == 'k') {
        return string(Layout.PLAIN);
      }
      // No memory of a program is user space's: what is there cannot be read.
      nextArgument++;
      return take(1, 1);
    }
    boolean ip = (kind == 'i' || kind == 'I') && (second == '4' || second == '6');
    int error =
        switch (kind) {
          case 'x' -> address(arguments[nextArgument], layout);
          case 'K' -> address(hidden(arguments[nextArgument]), layout);
          case 's', 'S' -> symbol(layout);
          case 'B' -> symbol(Layout.PLAIN);
          default -> ip ? ipAddress(second == '4' ? 4 : 16, kind == 'I') : -Errno.EINVAL.number();
        };
    // Linux takes all letters and digits that follow for a part of the kind.
    while (Character.isLetterOrDigit(peek(0))) {
      at++;
    }
    return error;
  }

  private int address(long value, Layout layout) {
    nextArgument++;
    text.appendNumber(value, 0, 16, false, layout.orZeros(POINTER_DIGITS));
    return take(Long.BYTES, Integer.BYTES);
  }

  /** A number of 32 bits that stands for an address; NULL and error pointers are themselves. */
  private static long hidden(long address) {
    if (address == 0 || Long.compareUnsigned(address, FIRST_ERROR_POINTER) >= 0) {
      return address;
    }
    long mixed = (address ^ address >>> 32) * 0x9e3779b97f4a7c15L;
    return mixed >>> 32;
  }

  /** No address here has a symbol, so it is printed as Linux prints one without. */
  private int symbol(Layout layout) {
    byte[] digits =
        ("0x" + Long.toHexString(arguments[nextArgument++])).getBytes(StandardCharsets.US_ASCII);
    text.append(digits, digits.length, layout);
    return take(Long.BYTES, Integer.BYTES);
  }

  /** An address that cannot be read is all zero. */
  private int ipAddress(int size, boolean separated) {
    long address = arguments[nextArgument++];
    boolean readable = isReadable(address, size);
    Layout group = Layout.PLAIN.orZeros(size == 4 ? separated ? 1 : 3 : 2);
    for (int i = 0; i < size; i++) {
      if (i > 0 && (size == 4 || separated && i % 2 == 0)) {
        text.append(size == 4 ? '.' : ':');
      }
      int value = readable ? Memory.getByte(address + i) & 0xff : 0;
      text.appendNumber(value, 0, size == 4 ? 10 : 16, false, group);
    }
    return take(size, 1);
  }

  /** A string that cannot be read is empty. */
  private int string(Layout layout) {
    if (argumentBytes >= ARGUMENT_BYTES) {
      return -Errno.ENOSPC.number();
    }
    long address = arguments[nextArgument++];
    int room = ARGUMENT_BYTES - argumentBytes - 1;
    int count = 0;
    while (count < room && isReadable(address + count, 1)) {
      string[count] = Memory.getByte(address + count);
      if (string[count] == 0) {
        break;
      }
      count++;
    }
    text.append(string, count, layout);
    return take(count + 1, 1);
  }

  private boolean isReadable(long address, int size) {
    return cpu != null && cpu.activation().readable(address, size);
  }

  private int take(int bytes, int alignment) {
    argumentBytes = (argumentBytes + alignment - 1 & -alignment) + bytes;
    return argumentBytes > ARGUMENT_BYTES ? -Errno.ENOSPC.number() : 0;
  }

  private boolean endsHere() {
    int next = peek(0);
    return next == 0 || StringHelpers.isSpace(next) || isPunctuation(next);
  }

  private static boolean isDigit(int character) {
    return character >= '0' && character <= '9';
  }

  /** The kernel's ispunct(), which is Latin-1's. */
  private static boolean isPunctuation(int character) {
    return character > ' ' && character < 0x7f && !Character.isLetterOrDigit(character)
        || character > 0xa0 && character < 0xc0
        || character == 0xd7
        || character == 0xf7;
  }
}
