package io.ebpf4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.VerifierException;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is Linux's alone; what both kernels share is in the twin tests. */
class LinuxKernelTest {
  @BeforeEach
  void onlyWhereBpfIsAllowed() {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux") && Privileges.mayUseBpf(),
        "bpf(2) is not allowed here");
  }

  @Test
  void aRefusedProgramBringsItsLog() {
    List<Instruction> exit = List.of(new Instruction(0x95, 0, 0, 0, 0));
    ProgramSpec bad = ProgramSpec.of("bad", ProgramType.XDP, exit);
    try (LinuxKernel kernel = LinuxKernel.open()) {
      assertThatThrownBy(() -> kernel.loadProgram(bad, Map.of()))
          .isInstanceOfSatisfying(
              VerifierException.class,
              e -> {
                assertThat(e.errno()).isEqualTo(Errno.EACCES);
                assertThat(e.getMessage()).contains("'bad'").contains("R0 !read_ok");
                assertThat(e.log()).contains("processed 1 insns");
              });
    }
  }

  @Test
  void aMapFoundByItsIdTellsItsShape() {
    try (LinuxKernel kernel = LinuxKernel.open()) {
      BpfMap map = kernel.createMap(MapSpec.array("found", 8, 3));
      BpfMap again = kernel.mapById(map.id()).orElseThrow();
      assertThat(again.name()).isEqualTo("found");
      assertThat(again.spec().maxEntries()).isEqualTo(3);
      assertThat(kernel.mapById(Integer.MAX_VALUE)).isEmpty();
    }
  }

  @Test
  void closingTheKernelLeavesNoDescriptorOpen() throws IOException {
    long before = descriptors();
    try (LinuxKernel kernel = LinuxKernel.open()) {
      for (int i = 0; i < 20; i++) {
        kernel.createMap(MapSpec.array("a", 8, 1));
        assertThatThrownBy(() -> kernel.createMap(MapSpec.array("a", 0, 1)))
            .isInstanceOf(BpfException.class);
      }
      assertThat(descriptors()).isEqualTo(before + 20);
    }
    assertThat(descriptors()).isEqualTo(before);
  }

  @Test
  void liveFramesRunAsOftenAsAskedForAndDoNotComeBack() {
    List<Instruction> drop =
        List.of(new Instruction(0xb7, 0, 0, 0, 1), new Instruction(0x95, 0, 0, 0, 0));
    try (LinuxKernel kernel = LinuxKernel.open();
        Kernel.Statistics counted = kernel.enableStatistics()) {
      Program program = kernel.loadProgram(ProgramSpec.of("drop", ProgramType.XDP, drop), Map.of());
      TestRun live = TestRun.of(new byte[64]).withRepeat(100);
      TestRun.Result result = program.testRun(live.withLiveFrames(16));
      assertThat(counted).isNotNull();
      assertThat(result.data()).isEmpty();
      assertThat(program.info().runCount()).isEqualTo(100);
      assertThatThrownBy(() -> program.testRun(live.withLiveFrames(257)))
          .isInstanceOfSatisfying(
              BpfException.class, e -> assertThat(e.errno()).isEqualTo(Errno.E2BIG));
    }
  }

  @Test
  void aRefusalNamesTheSourceLine() {
    BtfBuilder types = new BtfBuilder();
    int prototype = types.prototype(types.signed("int", 4));
    int function = types.function("bad", prototype, BtfType.Linkage.GLOBAL);
    ProgramSpec bad =
        ProgramSpec.of("bad", ProgramType.XDP, List.of(new Instruction(0x95, 0, 0, 0, 0)))
            .withDebugInformation(
                types.build(),
                List.of(new ProgramSpec.FunctionInfo(0, function)),
                List.of(new ProgramSpec.LineInfo(0, "bad.c", "return verdict;", 7, 3)));
    try (LinuxKernel kernel = LinuxKernel.open()) {
      assertThatThrownBy(() -> kernel.loadProgram(bad, Map.of()))
          .isInstanceOfSatisfying(
              VerifierException.class,
              e -> assertThat(e.log()).contains("; return verdict; @ bad.c:7"));
    }
  }

  @Test
  void aPinOutsideOfABpfFileSystemTellsWhatToMount(@TempDir Path directory) {
    try (LinuxKernel kernel = LinuxKernel.open()) {
      BpfMap map = kernel.createMap(MapSpec.array("a", 8, 1));
      assertThatThrownBy(() -> map.pin(directory.resolve("a").toString()))
          .hasMessageContaining("mount -t bpf bpf /sys/fs/bpf");
      assertThatThrownBy(() -> map.pin(directory.resolve("none/a").toString()))
          .hasMessageContaining("there is no directory");
    }
  }

  @Test
  void aKernelSymbolIsFoundByItsTypeOrItsName() {
    BtfBuilder types = new BtfBuilder();
    int number = types.unsigned("u32", 4);
    int typed = types.variable("bpf_prog_active", number, BtfType.Linkage.EXTERN);
    int missing = types.variable("no_such_thing", number, BtfType.Linkage.EXTERN);
    KernelSymbols symbols;
    try (LinuxKernel kernel = LinuxKernel.open()) {
      symbols = new KernelSymbols(kernel::btf, types.build());
      assertThat(symbols.id("bpf_prog_active", typed)).isPresent();
      assertThat(symbols.id("no_such_thing", missing)).isEmpty();
      assertThat(symbols.function("bpf_rcu_read_lock")).isPresent();
    }
    assertThat(KernelSymbols.address("bpf_prog_put").orElse(0)).isNegative();
    assertThat(KernelSymbols.address("no_such_thing")).isEmpty();
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.filter(LinuxKernelTest::isBpf).count();
    }
  }

  private static boolean isBpf(Path fd) {
    try {
      return Files.readSymbolicLink(fd).toString().contains("bpf");
    } catch (IOException closedMeanwhile) {
      return false;
    }
  }
}
