package io.ebpf4j.jvm.context;

import io.ebpf4j.BpfException;
import io.ebpf4j.spec.Errno;
import java.util.Arrays;

/** The context that a user gives to a test run, checked as bpf(2) checks a struct of any age. */
public final class ContextInput {
  private static final int MAX_BYTES = 4096;

  private ContextInput() {}

  /**
   * The context in the kernel's size: a shorter one is filled with zeros, a longer one cut.
   *
   * @throws BpfException E2BIG where what would be cut is not all zero, or is above 4,096 bytes
   */
  public static byte[] inSizeOf(ContextLayout layout, byte[] given) {
    int size = layout.visibleSize();
    if (given.length > MAX_BYTES) {
      throw new BpfException(
          Errno.E2BIG,
          "a context of %d bytes was given, at most %d are taken"
              .formatted(given.length, MAX_BYTES));
    }
    for (int i = size; i < given.length; i++) {
      if (given[i] != 0) {
        throw new BpfException(
            Errno.E2BIG,
            "byte %d of the context is not zero, struct %s has %d bytes"
                .formatted(i, layout.struct(), size));
      }
    }
    return Arrays.copyOf(given, size);
  }
}
