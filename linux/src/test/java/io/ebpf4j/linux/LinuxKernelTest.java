package io.ebpf4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.VerifierException;
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
