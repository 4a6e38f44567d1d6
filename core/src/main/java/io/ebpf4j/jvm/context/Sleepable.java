package io.ebpf4j.jvm.context;

import io.ebpf4j.BpfException;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;

/** Which program types may be loaded with BPF_F_SLEEPABLE. */
public final class Sleepable {
  private Sleepable() {}

  /**
   * Refuses a sleepable program of a type that never sleeps.
   *
   * @throws BpfException EINVAL
   */
  public static void refuse(ProgramSpec program) {
    if (program.sleepable()) {
      throw new BpfException(
          Errno.EINVAL,
          "program %s is of type %s, which cannot be sleepable"
              .formatted(program.name(), program.type().label()));
    }
  }
}
