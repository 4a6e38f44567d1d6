package io.ebpf4j.junit;

import io.ebpf4j.BpfException;
import io.ebpf4j.Kernel;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The Linux half of a twin test.
 *
 * @param kernel Linux, where it can be used
 * @param reason why not, where it cannot
 */
record LinuxHalf(Optional<Kernel> kernel, Optional<String> reason) {
  /** Tries to open Linux; where it is required a failure stays one. */
  static LinuxHalf probe(boolean required, Supplier<? extends Kernel> open) {
    try {
      return new LinuxHalf(Optional.of(open.get()), Optional.empty());
    } catch (BpfException | UnsupportedOperationException e) {
      if (required) {
        throw e;
      }
      return new LinuxHalf(Optional.empty(), Optional.ofNullable(e.getMessage()));
    }
  }
}
