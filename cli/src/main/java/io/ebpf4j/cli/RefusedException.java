package io.ebpf4j.cli;

/** The object, program or input was refused: one sentence, and exit status 1. */
final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RefusedException(String sentence) {
    super(sentence);
  }

  RefusedException(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
