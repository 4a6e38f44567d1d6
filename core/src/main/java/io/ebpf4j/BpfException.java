package io.ebpf4j;

import io.ebpf4j.spec.Errno;

/**
 * An operation that the kernel refused: its error number, and a sentence that says what and why.
 */
public class BpfException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Errno errno;

  /** The sentence stands alone; the error number is put behind it. */
  public BpfException(Errno errno, String sentence) {
    super(sentence + " (" + errno + ")");
    this.errno = errno;
  }

  /** What bpf(2) answered. */
  public Errno errno() {
    return errno;
  }
}
