package io.ebpf4j.isa;

/** A text that the {@link Assembler} cannot read: one sentence, with where and what is expected. */
public final class AssemblyException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final int line;
  private final int column;

  AssemblyException(int line, int column, String sentence) {
    super("line %d, column %d: %s".formatted(line, column, sentence));
    this.line = line;
    this.column = column;
  }

  /** The line of the mistake, counted from 1. */
  public int line() {
    return line;
  }

  /** The column of the mistake in chars, counted from 1. */
  public int column() {
    return column;
  }
}
