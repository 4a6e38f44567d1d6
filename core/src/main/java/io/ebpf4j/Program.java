package io.ebpf4j;

import io.ebpf4j.spec.ProgramSpec;

/** A handle of a loaded program. Thread safe. */
public interface Program extends Handle {
  /** What the program is, as it was loaded. */
  ProgramSpec spec();

  /** The name, cut to 15 bytes by the kernel. */
  default String name() {
    return spec().name();
  }

  /** What the kernel tells of it now. */
  ProgramInfo info();

  /** The verifier's log, in the kernel's form; empty where none was asked for. */
  default String log() {
    return "";
  }

  /** Instructions that the verifier went over, each as often as it did; 0 where that is unknown. */
  default int processedInstructions() {
    return 0;
  }

  /**
   * Runs the program on given input: BPF_PROG_TEST_RUN.
   *
   * @throws BpfException EINVAL and others where the type refuses the input, ENOTSUPP where it has
   *     no test run
   */
  TestRun.Result testRun(TestRun run);
}
