package io.ebpf4j.jvm.interpreter;

import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.LineInfo;
import org.jspecify.annotations.Nullable;

/** Says where in a program a slot is, for messages: program, slot, and source line if known. */
public final class Location {
  private Location() {}

  /** Such as {@code program count, instruction 12 (count.bpf.c:17: cnt[3]++;)}. */
  public static String of(ProgramSpec program, int slot) {
    String name = program.name().isEmpty() ? "" : "program " + program.name() + ", ";
    StringBuilder text = new StringBuilder(name + "instruction " + slot);
    LineInfo line = line(program, slot);
    if (line != null) {
      text.append(" (").append(line.file()).append(':').append(line.line());
      if (!line.text().isBlank()) {
        text.append(": ").append(line.text().strip());
      }
      text.append(')');
    }
    return text.toString();
  }

  private static @Nullable LineInfo line(ProgramSpec program, int slot) {
    LineInfo found = null;
    for (LineInfo line : program.lines()) {
      if (line.slot() > slot) {
        break;
      }
      found = line;
    }
    return found;
  }
}
