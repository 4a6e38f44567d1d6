package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.MapInfo;
import io.ebpf4j.Program;
import io.ebpf4j.ProgramInfo;
import io.ebpf4j.TestRun;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** What a kernel tells of its maps and programs, and which there are. */
class InfoTwinTest {
  private static final Path EXAMPLES = Path.of(System.getProperty("ebpf4j.root"), "examples");
  private static final Instruction ZERO = new Instruction(0xb7, 0, 0, 0, 0);
  private static final Instruction EXIT = new Instruction(0x95, 0, 0, 0, 0);

  @TwinTest
  void aMapTellsWhatItWasCreatedWith(Kernel kernel) {
    int flags = MapFlags.MMAPABLE | MapFlags.RDONLY_PROG;
    try (BpfMap map = kernel.createMap(MapSpec.array("told", 12, 7).withFlags(flags))) {
      MapInfo info = map.info();
      assertThat(info.id()).isEqualTo(map.id()).isPositive();
      assertThat(info.type()).isEqualTo(MapType.ARRAY);
      assertThat(info.name()).isEqualTo("told");
      assertThat(info.keySize()).isEqualTo(4);
      assertThat(info.valueSize()).isEqualTo(12);
      assertThat(info.maxEntries()).isEqualTo(7);
      assertThat(info.flags()).isEqualTo(flags);
      assertThat(info.extra()).isZero();
      assertThat(info.btfId()).isZero();
      assertThat(info.memoryBytes()).isEqualTo(map.memoryBytes()).isGreaterThan(7 * 16);
      assertThat(info.frozen()).isFalse();
      map.freeze();
      assertThat(map.info().frozen()).isTrue();
    }
  }

  @TwinTest
  void aMapsNameIsTakenAsItIsOrRefused(Kernel kernel) {
    try (BpfMap map = kernel.createMap(MapSpec.array("fifteen_bytes._", 8, 1))) {
      assertThat(map.info().name()).isEqualTo("fifteen_bytes._");
    }
    for (String name : List.of("sixteen_bytes.__", "more_than_sixteen_bytes", "a-b", "größe")) {
      MapSpec spec = MapSpec.array(name, 8, 1);
      assertThat(Elements.answer(() -> kernel.createMap(spec).close())).isEqualTo("EINVAL");
    }
  }

  @TwinTest
  void aProgramsNameIsCutAndMadeToFit(Kernel kernel) {
    try (Program program = kernel.loadProgram(xdp("a-b c.größe, longer", ZERO, EXIT), Map.of())) {
      assertThat(program.info().name()).isEqualTo("a_b_c.gr__e__lo");
    }
  }

  @TwinTest
  void anObjectsMapsAndProgramsHaveTypes(Kernel kernel) throws IOException {
    try (BpfObject object =
        kernel.load(ObjectFile.read(EXAMPLES.resolve("xdp-count/xdp_count.bpf.o")))) {
      Set<Integer> used = new HashSet<>();
      object
          .maps()
          .forEach((name, map) -> {
            MapInfo info = map.info();
            used.add(info.id());
            boolean typed = (map.spec().keyType() | map.spec().valueType()) != 0;
            assertThat(info.btfId() != 0).as(name).isEqualTo(typed);
            assertThat(info.keyType()).as(name).isEqualTo(map.spec().keyType());
            assertThat(info.valueType()).as(name).isEqualTo(map.spec().valueType());
          });
      ProgramInfo info = object.program("count").info();
      assertThat(info.btfId()).isPositive();
      assertThat(used).containsAll(info.mapIds());
      assertThat(info.mapIds()).doesNotHaveDuplicates().isNotEmpty();
    }
  }

  @TwinTest
  void theTagIsThatOfTheInstructionsWithoutMaps(Kernel kernel) {
    try (Program plain = kernel.loadProgram(xdp("plain", ZERO, EXIT), Map.of());
        BpfMap first = kernel.createMap(MapSpec.array("a", 8, 1));
        BpfMap second = kernel.createMap(MapSpec.array("b", 16, 2));
        Program one = kernel.loadProgram(mapUser(), Map.of("m", first));
        Program other = kernel.loadProgram(mapUser(), Map.of("m", second))) {
      assertThat(plain.info().tag()).isEqualTo("59f4a931744dcdc6");
      assertThat(one.info().tag()).isEqualTo("0bd0168676c7c779");
      assertThat(other.info().tag()).isEqualTo("0bd0168676c7c779");
      assertThat(one.info().mapIds()).containsExactly(first.id());
      assertThat(other.info().mapIds()).containsExactly(second.id());
      assertThat(plain.info().mapIds()).isEmpty();
    }
  }

  @TwinTest
  void theTagOfAnObjectsProgramsIsThatOfLinux(Kernel kernel) throws IOException {
    try (BpfObject object =
        kernel.load(ObjectFile.read(EXAMPLES.resolve("xdp-parse/xdp_parse.bpf.o")))) {
      assertThat(object.program("parse").info().tag()).isEqualTo("6ea070e32d2cf7b3");
    }
  }

  @TwinTest
  void aProgramTellsWhatItIs(Kernel kernel) {
    try (Program program = kernel.loadProgram(xdp("told", ZERO, EXIT), Map.of());
        Program later = kernel.loadProgram(xdp("later", ZERO, EXIT).withLicense("BSD"), Map.of())) {
      ProgramInfo info = program.info();
      assertThat(info.id()).isEqualTo(program.id()).isPositive();
      assertThat(info.type()).isEqualTo(ProgramType.XDP);
      assertThat(info.gplCompatible()).isTrue();
      assertThat(later.info().gplCompatible()).isFalse();
      assertThat(info.translatedBytes()).isEqualTo(2 * Instruction.SIZE);
      assertThat(info.btfId()).isZero();
      assertThat(info.userId()).isZero();
      assertThat(later.info().loadNanos()).isGreaterThan(info.loadNanos());
      assertThat(info.recursionMisses()).isZero();
    }
  }

  @TwinTest
  void whatIsAliveIsListed(Kernel kernel) {
    BpfMap map = kernel.createMap(MapSpec.array("a", 8, 1));
    int mapId = map.id();
    int programId;
    try (Program program = kernel.loadProgram(mapUser(), Map.of("m", map))) {
      programId = program.id();
      assertThat(kernel.mapIds()).contains(mapId).isSorted();
      assertThat(kernel.programIds()).contains(programId).isSorted();
      map.close();
      assertThat(kernel.mapIds()).contains(mapId);
      assertThat(kernel.linkIds()).isSorted();
      assertThat(kernel.linkById(Integer.MAX_VALUE)).isEmpty();
    }
    awaitGone(kernel::programIds, programId);
    awaitGone(kernel::mapIds, mapId);
  }

  @TwinTest
  void runsAreCountedWhileSomebodyAsksForIt(Kernel kernel) {
    try (Program program = kernel.loadProgram(xdp("counted", ZERO, EXIT), Map.of())) {
      TestRun run = TestRun.of(new byte[64]).withRepeat(10);
      Kernel.Statistics first = kernel.enableStatistics();
      Kernel.Statistics second = kernel.enableStatistics();
      program.testRun(run);
      first.close();
      first.close();
      program.testRun(run);
      second.close();
      program.testRun(run);
      ProgramInfo info = program.info();
      assertThat(info.runCount()).isEqualTo(20);
      assertThat(info.runNanos()).isPositive();
    }
  }

  @TwinTest
  void aClosedHandleTellsNothing(Kernel kernel) {
    BpfMap map = kernel.createMap(MapSpec.array("a", 8, 1));
    Program program = kernel.loadProgram(xdp("p", ZERO, EXIT), Map.of());
    map.close();
    program.close();
    assertThatThrownBy(map::info).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(program::info).isInstanceOf(IllegalStateException.class);
  }

  /** Linux frees what nobody holds any more after a grace period. */
  private static void awaitGone(Supplier<List<Integer>> living, int id) {
    long start = System.nanoTime();
    while (living.get().contains(id) && System.nanoTime() - start < 2_000_000_000L) {
      Thread.onSpinWait();
    }
    assertThat(living.get()).doesNotContain(id);
  }

  private static ProgramSpec xdp(String name, Instruction... instructions) {
    return ProgramSpec.of(name, ProgramType.XDP, List.of(instructions))
        .withExpectedAttachType(AttachType.XDP);
  }

  private static ProgramSpec mapUser() {
    return xdp(
            "user", new Instruction(0x18, 1, 1, 0, 0), new Instruction(0, 0, 0, 0, 0), ZERO, EXIT)
        .withReferences(List.of(new Reference.ToMap(0, "m")));
  }
}
