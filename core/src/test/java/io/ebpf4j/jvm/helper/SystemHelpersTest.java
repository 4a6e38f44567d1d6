package io.ebpf4j.jvm.helper;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.jvm.cpu.Clock;
import org.junit.jupiter.api.Test;

class SystemHelpersTest {
  @Test
  void theCoarseClockStandsAtTheLastTick() {
    try (HelperMachine machine = new HelperMachine(Clock.fixed(4_956_009_060_588L))) {
      assertThat(SystemHelpers.ktimeGetNs(machine.cpu)).isEqualTo(4_956_009_060_588L);
      assertThat(SystemHelpers.ktimeGetBootNs(machine.cpu)).isEqualTo(4_956_009_060_588L);
      assertThat(SystemHelpers.ktimeGetTaiNs(machine.cpu)).isEqualTo(4_956_009_060_588L);
      assertThat(SystemHelpers.ktimeGetCoarseNs(machine.cpu)).isEqualTo(4_956_008_000_000L);
    }
  }

  @Test
  void jiffiesBeginFiveMinutesBefore32BitsOverflow() {
    try (HelperMachine machine = new HelperMachine(Clock.fixed(300_000_000_000L))) {
      assertThat(SystemHelpers.jiffies64(machine.cpu)).isEqualTo(1L << 32);
    }
  }

  @Test
  void aCpuKnowsItsNumberAndItsRandomNumbersHave32Bits() {
    try (HelperMachine machine = new HelperMachine(Clock.fixed(0))) {
      assertThat(SystemHelpers.getSmpProcessorId(machine.cpu)).isEqualTo(1);
      assertThat(SystemHelpers.getNumaNodeId(machine.cpu)).isZero();
      long first = SystemHelpers.getPrandomU32(machine.cpu);
      assertThat(first).isBetween(0L, 0xffff_ffffL);
      assertThat(SystemHelpers.getPrandomU32(machine.cpu)).isNotEqualTo(first);
    }
  }
}
