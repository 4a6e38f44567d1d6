package io.ebpf4j;

import io.ebpf4j.spec.Errno;

/** A program that the kernel refused to load, with its log. */
public final class VerifierException extends BpfException {
  private static final long serialVersionUID = 1L;

  private final String log;

  /** A refused program. */
  public VerifierException(Errno errno, String sentence, String log) {
    super(errno, sentence);
    this.log = log;
  }

  /** The verifier's log, empty where there is none. */
  public String log() {
    return log;
  }
}
