package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Handle;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Pins: what stays without handles, where, and how it is opened again. */
class PinTwinTest {
  private static final String PATH = "/sys/fs/bpf/ebpf4j-twin-" + ProcessHandle.current().pid();
  private static final MapSpec ARRAY = MapSpec.array("pinned", 8, 4);

  @BeforeEach
  @AfterEach
  void nothingIsPinned(Kernel kernel) {
    if (kernel.isPinned(PATH)) {
      kernel.unpin(PATH);
    }
  }

  @TwinTest
  void aPinnedMapOutlivesItsHandle(Kernel kernel) {
    int id;
    try (BpfMap map = kernel.createMap(ARRAY)) {
      id = map.id();
      map.update(Elements.u32(2), Elements.u64(42), 0);
      map.pin(PATH);
    }
    assertThat(kernel.isPinned(PATH)).isTrue();
    assertThat(kernel.pins()).containsExactly(PATH);
    try (BpfMap again = (BpfMap) kernel.openPinned(PATH)) {
      assertThat(again.id()).isEqualTo(id);
      assertThat(again.name()).isEqualTo("pinned");
      assertThat(again.spec().maxEntries()).isEqualTo(4);
      assertThat(Elements.value(again, 2)).isEqualTo(42);
    }
    kernel.unpin(PATH);
    assertThat(kernel.isPinned(PATH)).isFalse();
    assertThat(kernel.pins()).isEmpty();
    awaitGone(kernel, id);
  }

  @TwinTest
  void aPinnedProgramRuns(Kernel kernel) {
    ProgramSpec spec =
        ProgramSpec.of(
            "pinned",
            ProgramType.XDP,
            List.of(new Instruction(0xb7, 0, 0, 0, 3), new Instruction(0x95, 0, 0, 0, 0)));
    try (Program program = kernel.loadProgram(spec, Map.of())) {
      program.pin(PATH);
    }
    try (Program again = (Program) kernel.openPinned(PATH)) {
      assertThat(again.name()).isEqualTo("pinned");
      assertThat(again.spec().type()).isEqualTo(ProgramType.XDP);
      assertThat(again.testRun(TestRun.of(new byte[64])).returnValue()).isEqualTo(3);
    }
    kernel.unpin(PATH);
  }

  @TwinTest
  void aPathIsPinnedOnce(Kernel kernel) {
    try (BpfMap map = kernel.createMap(ARRAY)) {
      assertThat(pin(map, PATH)).isEqualTo("OK");
      assertThat(pin(map, PATH)).isEqualTo("EEXIST");
      kernel.unpin(PATH);
      assertThat(answer(() -> kernel.unpin(PATH))).isEqualTo("ENOENT");
      assertThat(answer(() -> kernel.openPinned(PATH).close())).isEqualTo("ENOENT");
      assertThat(pin(map, PATH)).isEqualTo("OK");
      kernel.unpin(PATH);
    }
  }

  /** Linux frees what nobody holds any more after a grace period. */
  private static void awaitGone(Kernel kernel, int id) {
    long start = System.nanoTime();
    while (kernel.mapIds().contains(id) && System.nanoTime() - start < 5_000_000_000L) {
      Thread.onSpinWait();
    }
    assertThat(kernel.mapIds()).doesNotContain(id);
  }

  private static String pin(Handle handle, String path) {
    return answer(() -> handle.pin(path));
  }
}
