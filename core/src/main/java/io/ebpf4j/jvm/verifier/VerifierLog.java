package io.ebpf4j.jvm.verifier;

import io.ebpf4j.spec.ProgramSpec.LineInfo;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The log in the kernel's form. */
final class VerifierLog {
  /** Every instruction of the way that failed, or that is being walked. */
  static final int INSTRUCTIONS = 1;

  /** Every way. */
  static final int ALL_WAYS = 2;

  /** What the walk has cost. */
  static final int STATISTICS = 4;

  private static final int MIN_ALIGNMENT = 8;
  private static final int ALIGNMENT = 40;

  private final StringBuilder text = new StringBuilder();
  private final int level;
  private final List<LineInfo> lines;
  private @Nullable LineInfo lastLine;
  private int instructionStart;
  private int instructionEnd;

  VerifierLog(int level, List<LineInfo> lines) {
    this.level = level;
    this.lines = lines;
  }

  boolean isOn() {
    return (level & (INSTRUCTIONS | ALL_WAYS)) != 0;
  }

  boolean showsAllWays() {
    return (level & ALL_WAYS) != 0;
  }

  boolean showsStatistics() {
    return level != 0;
  }

  int position() {
    return text.length();
  }

  /** Takes back what was said of a way that was found safe. */
  void cut(int position) {
    text.setLength(Math.min(position, text.length()));
    instructionStart = 0;
    instructionEnd = 0;
  }

  void print(String what) {
    if (level != 0) {
      text.append(what);
    }
  }

  void line(String what) {
    if (level != 0) {
      text.append(what).append('\n');
    }
  }

  /** The source line of a slot, where it is another than before. */
  void source(int slot) {
    LineInfo line = lineOf(slot);
    if (line == null || line.equals(lastLine)) {
      return;
    }
    lastLine = line;
    String file = line.file();
    text.append("; ")
        .append(line.text().strip())
        .append(" @ ")
        .append(file.substring(file.lastIndexOf('/') + 1))
        .append(':')
        .append(line.line())
        .append('\n');
  }

  /** The line of the source that a slot belongs to. */
  @Nullable LineInfo lineOf(int slot) {
    int low = 0;
    int high = lines.size() - 1;
    LineInfo found = null;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (lines.get(middle).slot() <= slot) {
        found = lines.get(middle);
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return found;
  }

  /** An instruction, behind which {@link #state} may tell what it did. */
  void instruction(int slot, String instruction) {
    int before = text.length();
    text.append(slot).append(": ").append(instruction);
    instructionStart = before;
    instructionEnd = text.length();
    text.append('\n');
  }

  /** What is known now, on the line of the instruction where nothing was said since. */
  void state(int slot, String state) {
    if (instructionEnd > 0 && instructionEnd == text.length() - 1) {
      text.setLength(instructionEnd);
      int length = instructionEnd - instructionStart - prefix(instructionStart);
      int aligned = Math.max(length + MIN_ALIGNMENT / 2, ALIGNMENT);
      aligned = (aligned + MIN_ALIGNMENT - 1) / MIN_ALIGNMENT * MIN_ALIGNMENT;
      text.repeat(' ', aligned - length - 2).append(" ;");
    } else {
      text.append(slot).append(':');
    }
    text.append(state).append('\n');
    instructionEnd = 0;
  }

  private int prefix(int start) {
    return text.indexOf(": ", start) + 2 - start;
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
