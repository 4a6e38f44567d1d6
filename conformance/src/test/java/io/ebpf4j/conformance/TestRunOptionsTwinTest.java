package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import java.util.Map;

/** What a test run takes beside data and context: CPU, batch, flags. */
class TestRunOptionsTwinTest {
  /** BPF_F_TEST_RUN_ON_CPU. */
  private static final int ON_CPU = 1;

  /** bpf_get_smp_processor_id. */
  private static final Instruction CPU_NUMBER = new Instruction(0x85, 0, 0, 0, 8);

  /** {@code r0 = *(u64 *)(r1 +24)}. */
  private static final Instruction FOURTH_WORD = new Instruction(0x79, 0, 1, 24, 0);

  private static final Instruction ZERO = new Instruction(0xb7, 0, 0, 0, 0);
  private static final Instruction EXIT = new Instruction(0x95, 0, 0, 0, 0);

  @TwinTest
  void aRawTracepointRunsOnTheCpuThatIsAskedFor(Kernel kernel) {
    try (Program program = load(kernel, ProgramType.RAW_TRACEPOINT, false)) {
      TestRun run = TestRun.ofContext(new byte[8]);
      for (int cpu = 0; cpu < kernel.possibleCpus(); cpu++) {
        TestRun onCpu = run.withFlags(ON_CPU).withCpu(cpu);
        assertThat(program.testRun(onCpu).returnValue()).isEqualTo(cpu);
      }
      int none = kernel.possibleCpus();
      assertThat(answer(program, run.withFlags(ON_CPU).withCpu(none))).isEqualTo("ENXIO");
      assertThat(answer(program, run.withCpu(1))).isEqualTo("EINVAL");
    }
  }

  @TwinTest
  void aContextHasAllThatTheProgramReaches(Kernel kernel) {
    for (ProgramType type : List.of(ProgramType.RAW_TRACEPOINT, ProgramType.SYSCALL)) {
      ProgramSpec spec =
          ProgramSpec.of("reaches", type, List.of(FOURTH_WORD, ZERO, EXIT))
              .withFlags(type == ProgramType.SYSCALL, false);
      try (Program program = kernel.loadProgram(spec, Map.of())) {
        assertThat(answer(program, TestRun.ofContext(new byte[24]))).isEqualTo("EINVAL");
        assertThat(answer(program, TestRun.ofContext(new byte[32]))).isEqualTo("OK");
      }
    }
  }

  @TwinTest
  void aContextOfNoBytesIsNotTheSameAsNone(Kernel kernel) {
    for (ProgramType type :
        List.of(ProgramType.XDP, ProgramType.RAW_TRACEPOINT, ProgramType.SYSCALL)) {
      try (Program program = load(kernel, type, type == ProgramType.SYSCALL)) {
        TestRun run = TestRun.of(packet(type)).withRepeat(0).withContext(new byte[0]);
        assertThat(answer(program, run)).isEqualTo("EINVAL");
        assertThat(answer(program, run.withContext(null))).isEqualTo("OK");
      }
    }
  }

  private static byte[] packet(ProgramType type) {
    return new byte[type == ProgramType.XDP ? 64 : 0];
  }

  @TwinTest
  void batchesAreForLiveFramesOnly(Kernel kernel) {
    for (ProgramType type :
        List.of(ProgramType.XDP, ProgramType.SCHED_CLS, ProgramType.SOCKET_FILTER)) {
      try (Program program = load(kernel, type, false)) {
        assertThat(answer(program, TestRun.of(new byte[64]).withBatchSize(1)))
            .as(type.name())
            .isEqualTo("EINVAL");
      }
    }
    try (Program raw = load(kernel, ProgramType.RAW_TRACEPOINT, false);
        Program syscall = load(kernel, ProgramType.SYSCALL, true)) {
      TestRun run = TestRun.ofContext(new byte[8]).withBatchSize(1);
      assertThat(answer(raw, run)).isEqualTo("EINVAL");
      assertThat(answer(syscall, run)).isEqualTo("EINVAL");
    }
  }

  private static String answer(Program program, TestRun run) {
    return Elements.answer(() -> {
      program.testRun(run);
    });
  }

  private static Program load(Kernel kernel, ProgramType type, boolean sleepable) {
    return kernel.loadProgram(
        ProgramSpec.of("p", type, List.of(CPU_NUMBER, EXIT)).withFlags(sleepable, false), Map.of());
  }
}
