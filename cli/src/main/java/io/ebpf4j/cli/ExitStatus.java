package io.ebpf4j.cli;

/** The command's exit statuses. */
final class ExitStatus {
  static final int DONE = 0;
  static final int REFUSED = 1;
  static final int USAGE = 2;

  /** The kernels differ. */
  static final int DIFFERENT = 3;

  /** Nobody reads standard output any more: what a shell shows of a process that SIGPIPE ended. */
  static final int CLOSED_PIPE = 141;

  private ExitStatus() {}
}
