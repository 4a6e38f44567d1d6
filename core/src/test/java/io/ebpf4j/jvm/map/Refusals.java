package io.ebpf4j.jvm.map;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.ebpf4j.BpfException;
import io.ebpf4j.spec.Errno;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What bpf(2) would have refused. */
final class Refusals {
  private Refusals() {}

  static void refuses(Errno errno, ThrowingCallable call) {
    assertThatExceptionOfType(BpfException.class)
        .isThrownBy(call)
        .extracting(BpfException::errno)
        .isEqualTo(errno);
  }
}
