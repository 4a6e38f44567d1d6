package io.ebpf4j.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.Kernel;
import io.ebpf4j.spec.Errno;
import org.junit.jupiter.api.Test;

/** Where Linux is not available. */
class LinuxHalfTest {
  private static Kernel refused() {
    throw new BpfException(Errno.EPERM, "bpf(2) needs CAP_BPF");
  }

  @Test
  void aHalfThatIsNotRequiredIsSkippedWithTheReason() {
    LinuxHalf half = LinuxHalf.probe(false, LinuxHalfTest::refused);
    assertThat(half.kernel()).isEmpty();
    assertThat(half.reason()).hasValueSatisfying(r -> assertThat(r).contains("needs CAP_BPF"));
  }

  @Test
  void aHalfThatIsRequiredFails() {
    assertThatThrownBy(() -> LinuxHalf.probe(true, LinuxHalfTest::refused))
        .isInstanceOf(BpfException.class);
  }
}
