package io.ebpf4j.cli;

import org.jspecify.annotations.Nullable;

/**
 * Something that {@code doctor} looked at.
 *
 * @param name what it is
 * @param answer whether it is there
 * @param value what was found, in words
 * @param advice what it would be good for and how to get it, or null where it is there
 */
record Check(String name, Answer answer, String value, @Nullable String advice) {
  /** Whether something is there. */
  enum Answer {
    YES,
    NO,
    /** Not needed to run programs. */
    OPTIONAL
  }

  static Check yes(String name, String value) {
    return new Check(name, Answer.YES, value, null);
  }

  static Check no(String name, String value, String advice) {
    return new Check(name, Answer.NO, value, advice);
  }

  static Check optional(String name, String value, @Nullable String advice) {
    return new Check(name, Answer.OPTIONAL, value, advice);
  }

  /** {@code yes}, {@code no} or {@code -}. */
  String word() {
    return switch (answer) {
      case YES -> "yes";
      case NO -> "no";
      case OPTIONAL -> "-";
    };
  }
}
