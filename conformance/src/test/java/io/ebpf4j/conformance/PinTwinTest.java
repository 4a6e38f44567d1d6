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
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;

/** Pins: what stays without handles, where, and how it is opened again. */
class PinTwinTest {
  private static final MapSpec ARRAY = MapSpec.array("pinned", 8, 4);

  private final BpfFileSystem pins = BpfFileSystem.mount();
  private final String path = pins.path("pin").toString();

  PinTwinTest() throws IOException {}

  @AfterEach
  void nothingIsPinned(Kernel kernel) throws IOException {
    if (kernel.isPinned(path)) {
      kernel.unpin(path);
    }
    pins.close();
  }

  @TwinTest
  void aPinnedMapOutlivesItsHandle(Kernel kernel) {
    int id;
    try (BpfMap map = kernel.createMap(ARRAY)) {
      id = map.id();
      map.update(Elements.u32(2), Elements.u64(42), 0);
      map.pin(path);
    }
    assertThat(kernel.isPinned(path)).isTrue();
    assertThat(kernel.pins()).containsExactly(path);
    try (BpfMap again = (BpfMap) kernel.openPinned(path)) {
      assertThat(again.id()).isEqualTo(id);
      assertThat(again.name()).isEqualTo("pinned");
      assertThat(again.spec().maxEntries()).isEqualTo(4);
      assertThat(Elements.value(again, 2)).isEqualTo(42);
    }
    kernel.unpin(path);
    assertThat(kernel.isPinned(path)).isFalse();
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
      program.pin(path);
    }
    try (Program again = (Program) kernel.openPinned(path)) {
      assertThat(again.name()).isEqualTo("pinned");
      assertThat(again.spec().type()).isEqualTo(ProgramType.XDP);
      assertThat(again.testRun(TestRun.of(new byte[64])).returnValue()).isEqualTo(3);
    }
    kernel.unpin(path);
  }

  @TwinTest
  void aPathIsPinnedOnce(Kernel kernel) {
    try (BpfMap map = kernel.createMap(ARRAY)) {
      assertThat(pin(map, path)).isEqualTo("OK");
      assertThat(pin(map, path)).isEqualTo("EEXIST");
      kernel.unpin(path);
      assertThat(answer(() -> kernel.unpin(path))).isEqualTo("ENOENT");
      assertThat(answer(() -> kernel.openPinned(path).close())).isEqualTo("ENOENT");
      assertThat(pin(map, path)).isEqualTo("OK");
      kernel.unpin(path);
    }
  }

  @TwinTest
  void namesOfPinsFollowTheRulesOfTheFileSystem(Kernel kernel) {
    try (BpfMap map = kernel.createMap(ARRAY)) {
      assertThat(pin(map, "")).isEqualTo("ENOENT");
      assertThat(pin(map, path + ".old")).isEqualTo("EPERM");
      assertThat(pin(map, pins.path(".hidden").toString())).isEqualTo("EPERM");
      assertThat(pin(map, path + "/")).isEqualTo("ENOENT");
      assertThat(pin(map, path + "a".repeat(255))).isEqualTo("ENAMETOOLONG");
      assertThat(pin(map, path + "/a".repeat(2048))).isEqualTo("ENAMETOOLONG");
      assertThat(pin(map, path)).isEqualTo("OK");
      assertThat(pin(map, path + "/below")).isEqualTo("ENOTDIR");
      assertThat(answer(() -> kernel.openPinned(path + "/below").close())).isEqualTo("ENOTDIR");
      assertThat(answer(() -> kernel.openPinned(path + "a".repeat(255)).close()))
          .isEqualTo("ENAMETOOLONG");
      assertThat(answer(() -> kernel.openPinned("").close())).isEqualTo("ENOENT");
      kernel.unpin(path);
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
