package io.ebpf4j.jvm.helper;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramType;

/** Helpers by which iterators write. */
public final class SequenceHelpers {
  private SequenceHelpers() {}

  /**
   * Writes formatted text, with up to twelve arguments in memory, eight bytes each.
   *
   * @return 0, or below 0 EINVAL for a malformed format and EOVERFLOW where the file is full
   */
  @Helper(
      id = 126,
      name = "seq_printf",
      usesActivation = true,
      arguments = {
        Argument.SEQUENCE_FILE,
        Argument.MEMORY,
        Argument.SIZE,
        Argument.MEMORY_OR_NULL,
        Argument.SIZE_OR_ZERO
      },
      programTypes = ProgramType.TRACING,
      gplOnly = true)
  public static long seqPrintf(
      Cpu cpu, long sequence, long format, long size, long data, long dataSize) {
    Formatter formatter = Formatter.of(cpu);
    int count = PrintHelpers.readArguments(formatter, data, dataSize);
    if (count < 0) {
      return count;
    }
    SequenceFile file = SequenceFile.of(cpu);
    int error = formatter.format(format, size, count, file.room());
    if (error != 0) {
      return error;
    }
    return file.append(formatter.text) ? 0 : -Errno.EOVERFLOW.number();
  }

  /**
   * Writes bytes.
   *
   * @return 0, or EOVERFLOW below 0 where the file is full
   */
  @Helper(
      id = 127,
      name = "seq_write",
      arguments = {Argument.SEQUENCE_FILE, Argument.MEMORY, Argument.SIZE_OR_ZERO},
      programTypes = ProgramType.TRACING,
      gplOnly = true)
  public static long seqWrite(Cpu cpu, long sequence, long data, long size) {
    return SequenceFile.of(cpu).append(data, size) ? 0 : -Errno.EOVERFLOW.number();
  }
}
