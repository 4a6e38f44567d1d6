package io.ebpf4j.jvm.interpreter;

import io.ebpf4j.BpfException;
import io.ebpf4j.spec.Errno;

/**
 * A run that the checked interpreter stopped: a stray access, a helper called with what it does not
 * take, too many instructions or calls. The sentence names instruction, source line, and for an
 * access the address and the nearest region.
 */
public final class ProgramFaultException extends BpfException {
  private static final long serialVersionUID = 1L;

  private final String program;
  private final int slot;

  ProgramFaultException(Errno errno, String program, int slot, String sentence) {
    super(errno, sentence);
    this.program = program;
    this.slot = slot;
  }

  /** The name of the program. */
  public String program() {
    return program;
  }

  /** The slot of the instruction that could not be done. */
  public int slot() {
    return slot;
  }
}
