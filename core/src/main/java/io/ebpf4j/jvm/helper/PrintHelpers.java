package io.ebpf4j.jvm.helper;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;

/** Helpers that print. */
public final class PrintHelpers {
  /** Bytes of a line of trace output, with the zero behind it. */
  private static final int LINE_BYTES = 1024;

  private PrintHelpers() {}

  /**
   * Prints a line with up to three arguments to the trace.
   *
   * @return bytes of the whole text, or EINVAL below 0 for a malformed format
   */
  @Helper(
      id = 6,
      name = "trace_printk",
      usesActivation = true,
      arguments = {
        Argument.MEMORY,
        Argument.SIZE,
        Argument.UNCHECKED,
        Argument.UNCHECKED,
        Argument.UNCHECKED
      },
      gplOnly = true)
  public static long tracePrintk(
      Cpu cpu, long format, long size, long first, long second, long third) {
    Formatter formatter = Formatter.of(cpu);
    formatter.arguments[0] = first;
    formatter.arguments[1] = second;
    formatter.arguments[2] = third;
    return printLine(cpu, formatter, format, size, 3);
  }

  /** As {@link #tracePrintk}, with up to twelve arguments in memory, eight bytes each. */
  @Helper(
      id = 177,
      name = "trace_vprintk",
      usesActivation = true,
      arguments = {Argument.MEMORY, Argument.SIZE, Argument.MEMORY_OR_NULL, Argument.SIZE_OR_ZERO},
      gplOnly = true)
  public static long traceVprintk(Cpu cpu, long format, long size, long data, long dataSize) {
    Formatter formatter = Formatter.of(cpu);
    int count = readArguments(formatter, data, dataSize);
    return count < 0 ? count : printLine(cpu, formatter, format, size, count);
  }

  /**
   * Formats into memory, with a zero behind it.
   *
   * @return bytes that the whole text needs with its zero, or EINVAL below 0
   */
  @Helper(
      id = 165,
      name = "snprintf",
      usesActivation = true,
      arguments = {
        Argument.UNINITIALIZED_MEMORY_OR_NULL,
        Argument.SIZE_OR_ZERO,
        Argument.CONSTANT_STRING,
        Argument.MEMORY_OR_NULL,
        Argument.SIZE_OR_ZERO
      },
      gplOnly = true)
  public static long snprintf(
      Cpu cpu, long target, long targetSize, long format, long data, long dataSize) {
    Formatter formatter = Formatter.of(cpu);
    int count = readArguments(formatter, data, dataSize);
    if (count < 0) {
      return count;
    }
    int error = formatter.format(format, Integer.MAX_VALUE, count, Math.max(targetSize - 1, 0));
    if (error != 0) {
      return error;
    }
    if (targetSize > 0) {
      formatter.text.copyTo(target);
    }
    return formatter.text.length() + 1;
  }

  /**
   * Whether a format is well formed for a number of arguments.
   *
   * @param address of the format, which ends with a zero within {@code size} bytes
   */
  public static boolean isFormat(long address, long size, int count) {
    Formatter formatter = Formatter.ofNoCpu();
    int answer =
        count > Formatter.MAX_ARGUMENTS
            ? -Errno.EINVAL.number()
            : formatter.format(address, size, count, 0);
    return answer != -Errno.EINVAL.number();
  }

  private static long printLine(Cpu cpu, Formatter formatter, long format, long size, int count) {
    int error = formatter.format(format, size, count, LINE_BYTES - 1);
    if (error != 0) {
      return error;
    }
    cpu.machine().trace().accept(formatter.text.firstString());
    return formatter.text.length();
  }

  /** How many arguments there are, or EINVAL below 0. */
  static int readArguments(Formatter formatter, long data, long dataSize) {
    if (dataSize % Long.BYTES != 0 || dataSize > Formatter.MAX_ARGUMENTS * Long.BYTES) {
      return -Errno.EINVAL.number();
    }
    int count = (int) dataSize / Long.BYTES;
    for (int i = 0; i < count; i++) {
      formatter.arguments[i] = Memory.getLong(data + (long) i * Long.BYTES);
    }
    return count;
  }
}
