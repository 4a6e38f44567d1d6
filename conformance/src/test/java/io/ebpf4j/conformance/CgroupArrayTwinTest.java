package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import java.util.Map;

/** What a tc program gets when it asks a CGROUP_ARRAY for its packet's socket. */
class CgroupArrayTwinTest {
  @TwinTest
  void anEmptyElementIsToBeTriedAgainAndTheEndIsTooBig(Kernel kernel) {
    assertThat(underCgroup(kernel, 0)).isEqualTo(-Errno.EAGAIN.number());
    assertThat(underCgroup(kernel, 4)).isEqualTo(-Errno.E2BIG.number());
    assertThat(underCgroup(kernel, -1)).isEqualTo(-Errno.E2BIG.number());
  }

  private static int underCgroup(Kernel kernel, int index) {
    List<Instruction> code =
        List.of(
            new Instruction(0x18, 2, 0, 0, 0),
            Instruction.of(0),
            new Instruction(0xb7, 3, 0, 0, index),
            new Instruction(0x85, 0, 0, 0, 33),
            new Instruction(0x95, 0, 0, 0, 0));
    ProgramSpec spec =
        ProgramSpec.of("under", ProgramType.SCHED_CLS, code)
            .withReferences(List.of(new Reference.ToMap(0, "groups")));
    try (BpfMap map = kernel.createMap(MapSpec.of("groups", MapType.CGROUP_ARRAY, 4, 4, 4));
        Program program = kernel.loadProgram(spec, Map.of("groups", map))) {
      return program.testRun(TestRun.of(new byte[64])).returnValue();
    }
  }
}
