package io.ebpf4j.cli;

/** The command's exit statuses; 3 is for kernels that differ. */
final class ExitStatus {
  static final int DONE = 0;
  static final int REFUSED = 1;
  static final int USAGE = 2;

  private ExitStatus() {}
}
