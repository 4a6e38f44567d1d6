package io.ebpf4j.jvm.helper;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;

/** Helpers that read strings. */
public final class StringHelpers {
  private static final int NO_BREAK_SPACE = 0xa0;

  private StringHelpers() {}

  /** Compares at most {@code size} bytes, up to a zero: -1, 0 or 1. */
  @Helper(
      id = 182,
      name = "strncmp",
      arguments = {Argument.MEMORY, Argument.SIZE, Argument.CONSTANT_STRING})
  public static long strncmp(Cpu cpu, long string, long size, long constant) {
    for (long i = 0; i < size; i++) {
      int a = Memory.getByte(string + i) & 0xff;
      int b = Memory.getByte(constant + i) & 0xff;
      if (a != b) {
        return a < b ? -1 : 1;
      }
      if (a == 0) {
        return 0;
      }
    }
    return 0;
  }

  /**
   * Reads a signed number; how many bytes it took, EINVAL below 0 where there is none, or ERANGE.
   *
   * @param base 8, 10 or 16, or 0 where the number's prefix says it
   */
  @Helper(
      id = 105,
      name = "strtol",
      arguments = {Argument.MEMORY, Argument.SIZE, Argument.ANYTHING, Argument.LONG_POINTER})
  public static long strtol(Cpu cpu, long string, long size, long base, long result) {
    return parse(string, size, base, true, result);
  }

  /** As {@link #strtol}, for an unsigned number, which has no minus. */
  @Helper(
      id = 106,
      name = "strtoul",
      arguments = {Argument.MEMORY, Argument.SIZE, Argument.ANYTHING, Argument.LONG_POINTER})
  public static long strtoul(Cpu cpu, long string, long size, long base, long result) {
    return parse(string, size, base, false, result);
  }

  private static long parse(long string, long size, long base, boolean signed, long result) {
    Memory.putLong(result, 0);
    if (base != 0 && base != 8 && base != 10 && base != 16) {
      return -Errno.EINVAL.number();
    }
    long at = string;
    long end = string + size;
    while (at < end && isSpace(Memory.getByte(at) & 0xff)) {
      at++;
    }
    boolean negative = at < end && Memory.getByte(at) == '-';
    if (negative) {
      at++;
    }
    int radix = radix(at, end, (int) base);
    if (radix == 16 && hasHexPrefix(at, end)) {
      at += 2;
    }
    return digits(string, at, end, radix, signed, negative, result);
  }

  private static int radix(long at, long end, int base) {
    if (base != 0) {
      return base;
    }
    if (at >= end || Memory.getByte(at) != '0') {
      return 10;
    }
    return hasHexPrefix(at, end) && digit(at + 2, end, 16) >= 0 ? 16 : 8;
  }

  private static boolean hasHexPrefix(long at, long end) {
    return at + 1 < end && Memory.getByte(at) == '0' && (Memory.getByte(at + 1) | 0x20) == 'x';
  }

  private static long digits(
      long string, long first, long end, int radix, boolean signed, boolean negative, long result) {
    long at = first;
    long value = 0;
    boolean overflow = false;
    for (int digit; (digit = digit(at, end, radix)) >= 0; at++) {
      overflow |= Long.compareUnsigned(value, Long.divideUnsigned(-1 - digit, radix)) > 0;
      value = value * radix + digit;
    }
    if (at == first) {
      return -Errno.EINVAL.number();
    }
    boolean tooLarge = signed && value < 0 && !(negative && value == Long.MIN_VALUE);
    if (overflow || tooLarge) {
      return -Errno.ERANGE.number();
    }
    if (negative && !signed) {
      return -Errno.EINVAL.number();
    }
    Memory.putLong(result, negative ? -value : value);
    return at - string;
  }

  private static int digit(long at, long end, int radix) {
    return at < end ? Character.digit(Memory.getByte(at) & 0xff, radix) : -1;
  }

  /** The kernel's isspace(), which is Latin-1's. */
  static boolean isSpace(int character) {
    return character == ' '
        || character >= '\t' && character <= '\r'
        || character == NO_BREAK_SPACE;
  }
}
