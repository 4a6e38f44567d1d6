package io.ebpf4j.junit;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TypedMap;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.cpu.ManualClock;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Tests that fail, run by {@link FailingTestsTest} alone. */
final class FailingCases {
  private FailingCases() {}

  /** Each of its tests but one fails. */
  @EbpfTest("limit.bpf.o")
  static class Failing {
    @Test
    void leavesOpen(Kernel kernel) {
      BpfMap map = kernel.createMap(MapSpec.array("forgotten", 8, 1));
      map.pin("/sys/fs/bpf/forgotten");
      kernel.loadProgram(
          ProgramSpec.of(
              "idle",
              ProgramType.XDP,
              List.of(new Instruction(0xb7, 0, 0, 0, 2), new Instruction(0x95, 0, 0, 0, 0))),
          Map.of());
    }

    @Test
    void leavesReadersOpen(Kernel kernel) {
      try (BpfMap events = kernel.createMap(MapSpec.of("e", MapType.PERF_EVENT_ARRAY, 4, 4, 1));
          BpfMap mapped = kernel.createMap(MapSpec.array("m", 8, 1).withFlags(MapFlags.MMAPABLE))) {
        kernel.perfReader(events, 4096);
        mapped.mmap(0, 4096, true);
      }
    }

    @Test
    @LeaksAllowed
    void mayLeaveOpen(Kernel kernel) {
      kernel.createMap(MapSpec.array("allowed", 8, 1));
    }

    @Test
    void failsAndLeavesOpen(Kernel kernel) {
      kernel.createMap(MapSpec.array("forgotten", 8, 1));
      throw new IllegalStateException("its own failure");
    }

    @Test
    void wrongName(Program polize) {}

    @Test
    void wrongType(TypedMap<Integer, String> verdicts) {}

    @Test
    void rawType(@SuppressWarnings("rawtypes") TypedMap verdicts) {}

    @Test
    void oneValueOfMany(TypedMap<Integer, Long> seen) {}

    @Test
    void listOfOne(TypedMap<Integer, List<Long>> verdicts) {}

    @Test
    void wrongSize(TypedMap<Integer, Integer> verdicts) {}

    @TwinTest
    void linuxHasNoClock(ManualClock clock) {}

    @TwinTest
    @CpuCount(2)
    void linuxHasItsCpus() {}

    @EbpfTest("missing.bpf.o")
    void noObject() {}

    @EbpfTest
    @Test
    void testTwice() {}
  }

  /** Asks for a kernel too early. */
  @EbpfTest
  static class TooEarly {
    @BeforeAll
    static void before(Kernel kernel) {}

    @Test
    void test() {}
  }

  /** Names no object. */
  static class Nameless {
    @EbpfTest
    void noObjectNamed(BpfMap verdicts) {}

    @EbpfTest
    void onlyAKernel(Kernel kernel) {
      assertThat(kernel.openHandles()).isEmpty();
    }
  }
}
