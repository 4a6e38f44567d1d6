package io.ebpf4j.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Handle;
import io.ebpf4j.LoadOptions;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.isa.Assembler;
import io.ebpf4j.isa.Assembly;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class JvmKernelTest {
  private static final Path COUNT =
      Path.of(System.getProperty("ebpf4j.root"), "examples/xdp-count/xdp_count.bpf.o");

  private final JvmKernel kernel = JvmKernel.builder().cpus(2).seed(1).build();

  @AfterEach
  void close() {
    kernel.close();
  }

  @Test
  void anObjectCountsThePacketsItIsGiven() throws IOException {
    BpfObject object = kernel.load(ObjectFile.read(COUNT));
    byte[] udp = new byte[64];
    udp[12] = 8;
    udp[14] = 0x45;
    udp[23] = 17;
    for (int i = 0; i < 3; i++) {
      assertThat(object.program("count").testRun(TestRun.of(udp)).returnValue()).isEqualTo(2);
    }
    assertThat(object.map("cnt").lookup(new byte[] {17, 0, 0, 0}))
        .containsExactly(3, 0, 0, 0, 0, 0, 0, 0);
  }

  @Test
  void whatAnObjectMadeGoesWithIt() throws IOException {
    kernel.load(ObjectFile.read(COUNT)).close();
    assertThat(kernel.memoryBytes()).isZero();
    assertThat(kernel.mapById(1)).isEmpty();
  }

  @Test
  void aHalfLoadedObjectLeavesNothingBehind() throws IOException {
    ObjectFile file = ObjectFile.read(COUNT);
    file.replaceMap("families", file.map("families").withMaxEntries(0));
    assertThatThrownBy(() -> kernel.load(file))
        .isInstanceOfSatisfying(
            BpfException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
    assertThat(kernel.memoryBytes()).isZero();
  }

  @Test
  void aProgramWithoutATypeIsLeftOutOrRefused() throws IOException {
    ObjectFile file = ObjectFile.read(COUNT);
    String name = file.programs().firstEntry().getKey();
    file.replaceProgram(name, file.program(name).withType(ProgramType.UNSPEC));
    assertThatThrownBy(() -> kernel.load(file))
        .hasMessageContaining("program " + name + " is in section xdp, which says nothing")
        .hasMessageContaining("like it are xdp, ");
    file.omit(name);
    kernel.load(file).close();
  }

  @Test
  void aRunIsStoppedAtItsInstructionBudget() {
    List<Instruction> endless =
        Assembler.assemble("again: r0 = 1\nif r0 == 1 goto again\nexit").instructions();
    ProgramSpec spec = ProgramSpec.of("endless", ProgramType.XDP, endless);
    try (JvmKernel small = JvmKernel.builder().verified(false).instructionBudget(1000).build()) {
      Program program = small.loadProgram(spec, Map.of());
      assertThatThrownBy(() -> program.testRun(TestRun.of(new byte[64])))
          .hasMessageContaining("1000 instructions");
    }
  }

  @Test
  void aRunThatIsStoppedGivesItsLockBack() {
    JvmKernel unverified = JvmKernel.builder().cpus(2).verified(false).build();
    BtfBuilder types = new BtfBuilder();
    int u32 = types.unsigned("u32", 4);
    int lock = types.struct("bpf_spin_lock", struct -> struct.member("val", u32));
    int value = types.struct("locked", s -> s.member("lock", lock).member("x", u32));
    BpfMap map =
        unverified.createMap(MapSpec.array("locked", 8, 1).withTypes(types.build(), u32, value));
    Assembly strays =
        Assembler.assemble(
            """
            r2 = r10
            r2 += -4
            *(u32 *)(r10 -4) = 0
            r1 = map[locked]
            call 1
            r6 = r0
            r1 = r0
            call 93
            r0 = *(u64 *)(r6 +4)
            exit
            """);
    ProgramSpec spec = ProgramSpec.of("strays", ProgramType.XDP, strays.instructions());
    Program program =
        unverified.loadProgram(
            spec.withReferences(List.of(new ProgramSpec.Reference.ToMap(3, "locked"))),
            Map.of("locked", map));
    assertThatThrownBy(() -> program.testRun(TestRun.of(new byte[64])))
        .hasMessageContaining("past the end of locked[0]");
    MemorySegment read = MemorySegment.ofArray(new byte[8]);
    assertThat(map.lookup(MemorySegment.ofArray(new byte[4]), read, MapFlags.LOCK)).isTrue();
    unverified.close();
  }

  @Test
  void aReusedMapStandsInForTheObjectsOwn() throws IOException {
    ObjectFile file = ObjectFile.read(COUNT);
    BpfMap mine = kernel.createMap(file.map("cnt"));
    kernel.load(file, LoadOptions.none().withReusedMap("cnt", mine)).close();
    mine.update(new byte[4], new byte[8]);
    BpfMap other = kernel.createMap(MapSpec.array("cnt", 8, 3));
    assertThatThrownBy(() -> kernel.load(file, LoadOptions.none().withReusedMap("cnt", other)))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("differs from map 'cnt'");
  }

  @Test
  void aPinHoldsWhatItPins() {
    BpfMap map = kernel.createMap(MapSpec.array("a", 8, 1));
    int id = map.id();
    map.pin("/sys/fs/bpf/a");
    map.close();
    try (Handle again = kernel.openPinned("/sys/fs/bpf/a")) {
      assertThat(again.id()).isEqualTo(id);
    }
    kernel.unpin("/sys/fs/bpf/a");
    assertThat(kernel.mapById(id)).isEmpty();
    assertThatThrownBy(() -> kernel.openPinned("/sys/fs/bpf/a"))
        .isInstanceOfSatisfying(
            BpfException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
  }

  @Test
  void aMapPinnedByNameIsTakenOverByTheNextLoad() throws IOException {
    ObjectFile file = ObjectFile.read(COUNT);
    file.replaceMap("cnt", file.map("cnt").withPinning(MapSpec.Pinning.BY_NAME));
    LoadOptions options = LoadOptions.none().withPinDirectory("/pins");
    int id;
    try (BpfObject first = kernel.load(file, options)) {
      id = first.map("cnt").id();
    }
    try (BpfObject second = kernel.load(file, options)) {
      assertThat(second.map("cnt").id()).isEqualTo(id);
    }
  }

  @Test
  void aHandleIsNotUsedAfterItsClose() {
    BpfMap map = kernel.createMap(MapSpec.array("a", 8, 1));
    map.close();
    map.close();
    assertThatThrownBy(() -> map.lookup(new byte[4])).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(map::fd).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aClosedKernelMakesNothing() {
    kernel.close();
    assertThatThrownBy(() -> kernel.createMap(MapSpec.array("a", 8, 1)))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void typesThatAreNotBuiltAreRefusedByName() {
    assertThatThrownBy(() -> kernel.createMap(MapSpec.of("a", MapType.ARENA, 0, 0, 1)))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("ARENA");
    ProgramSpec lsm = ProgramSpec.of("p", ProgramType.LSM, List.of());
    assertThatThrownBy(() -> kernel.loadProgram(lsm, Map.of()))
        .isInstanceOf(BpfException.class)
        .hasMessageContaining("LSM");
  }

  @Test
  void aCgroupGoesIntoACgroupArray() {
    BpfMap map = kernel.createMap(MapSpec.of("c", MapType.CGROUP_ARRAY, 4, 4, 1));
    try (Handle outer = kernel.createCgroup(null, "outer");
        Handle inner = kernel.createCgroup(outer, "inner")) {
      map.update(new byte[4], new byte[] {(byte) inner.fd(), 0, 0, 0});
      assertThat(map.delete(MemorySegment.ofArray(new byte[4]))).isTrue();
    }
  }
}
