package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import io.ebpf4j.spec.Errno;
import java.util.Objects;
import java.util.Optional;

/**
 * Whether a kernel has something, as it answered when it was tried.
 *
 * @param available whether it has it and this process may use it
 * @param errno what it answered where not
 * @param reason why not, in a sentence; empty where it is available
 */
public record Feature(boolean available, Optional<Errno> errno, String reason) {
  private static final Feature AVAILABLE = new Feature(true, Optional.empty(), "");

  static Feature yes() {
    return AVAILABLE;
  }

  static Feature no(Errno errno, String reason) {
    return new Feature(false, Optional.of(errno), reason);
  }

  static Feature refused(BpfException refusal) {
    return no(refusal.errno(), Objects.requireNonNullElse(refusal.getMessage(), ""));
  }
}
