package io.ebpf4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Link;
import io.ebpf4j.PerfReader;
import io.ebpf4j.Program;
import io.ebpf4j.RingReader;
import io.ebpf4j.TestRun;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What was opened on the way, for a success or for a refusal, is closed at the end. */
class LinuxLeakTest {
  private static final Instruction ZERO = new Instruction(0xb7, 0, 0, 0, 0);
  private static final Instruction EXIT = new Instruction(0x95, 0, 0, 0, 0);

  private final List<Integer> mapIds = new ArrayList<>();
  private final List<Integer> programIds = new ArrayList<>();
  private final List<Integer> linkIds = new ArrayList<>();

  @BeforeEach
  void onlyWhereBpfIsAllowed() {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux") && Privileges.mayUseBpf(),
        "bpf(2) is not allowed here");
  }

  @Test
  void noDescriptorAndNoIdIsLeft() throws IOException {
    everything();
    List<String> before = descriptors();
    for (int i = 0; i < 3; i++) {
      everything();
    }
    assertThat(descriptors()).containsExactlyInAnyOrderElementsOf(before);
    try (LinuxKernel kernel = LinuxKernel.open()) {
      awaitGone(kernel::linkIds, linkIds);
      awaitGone(kernel::programIds, programIds);
      awaitGone(kernel::mapIds, mapIds);
    }
  }

  private void everything() {
    try (LinuxKernel kernel = LinuxKernel.open()) {
      maps(kernel);
      programs(kernel);
      readers(kernel);
      links(kernel);
      kernel.features().map(MapType.HASH_OF_MAPS);
      kernel.features().program(ProgramType.LSM);
      kernel.features().attach(AttachType.TRACE_FENTRY);
      kernel.features().attach(AttachType.TRACE_ITER);
      kernel.features().helper(ProgramType.XDP, 1);
      kernel.enableStatistics().close();
    }
  }

  private void maps(LinuxKernel kernel) {
    BtfBuilder types = new BtfBuilder();
    int number = types.unsigned("u32", 4);
    BpfMap typed =
        kernel.createMap(MapSpec.array("typed", 4, 1).withTypes(types.build(), number, number));
    BpfMap outer =
        kernel.createMap(
            MapSpec.of("outer", MapType.ARRAY_OF_MAPS, 4, 4, 1)
                .withInner(MapSpec.array("inner", 4, 1)));
    mapIds.add(typed.id());
    mapIds.add(outer.id());
    assertThat(kernel.mapById(typed.id())).isPresent();
    refused(() -> kernel.createMap(MapSpec.array("a", 0, 1)));
    refused(() ->
        kernel.createMap(
            MapSpec.of("outer", MapType.ARRAY_OF_MAPS, 4, 8, 1)
                .withInner(MapSpec.array("inner", 4, 1))));
  }

  private void programs(LinuxKernel kernel) {
    Program program = kernel.loadProgram(xdp(ZERO, EXIT), Map.of());
    programIds.add(program.id());
    program.testRun(TestRun.of(new byte[64]));
    refused(() -> program.testRun(TestRun.of(new byte[1])));
    assertThat(kernel.programById(program.id())).isPresent();
    refused(() -> kernel.loadProgram(xdp(EXIT), Map.of()));
  }

  private void readers(LinuxKernel kernel) {
    BpfMap events = kernel.createMap(MapSpec.of("e", MapType.PERF_EVENT_ARRAY, 4, 4, 64));
    BpfMap ring = kernel.createMap(MapSpec.of("r", MapType.RINGBUF, 0, 0, 4096));
    mapIds.add(events.id());
    mapIds.add(ring.id());
    try (PerfReader reader = kernel.perfReader(events, 4096)) {
      assertThat(reader.read(Duration.ZERO)).isEmpty();
    }
    try (RingReader reader = kernel.ringReader(ring)) {
      assertThat(reader.read(Duration.ZERO)).isEmpty();
    }
    refused(() -> kernel.perfReader(ring, 4096));
    refused(() -> kernel.ringReader(events));
  }

  private void links(LinuxKernel kernel) {
    Program traced =
        kernel.loadProgram(
            ProgramSpec.of("traced", ProgramType.RAW_TRACEPOINT, List.of(ZERO, EXIT)), Map.of());
    programIds.add(traced.id());
    Link link = kernel.attach(traced, new Attachment.RawTracepoint("sched_process_exit"));
    linkIds.add(link.id());
    assertThat(kernel.linkById(link.id())).isPresent();
    refused(() -> kernel.attach(traced, new Attachment.RawTracepoint("no_such_thing")));
    Program packets =
        kernel.loadProgram(
            ProgramSpec.of("packets", ProgramType.CGROUP_SKB, List.of(ZERO, EXIT))
                .withExpectedAttachType(AttachType.CGROUP_INET_INGRESS),
            Map.of());
    refused(() -> kernel.attach(packets, new Attachment.Cgroup("/proc")));
  }

  /** Linux frees what nobody holds any more after a grace period. */
  private static void awaitGone(Supplier<List<Integer>> living, List<Integer> ids) {
    long start = System.nanoTime();
    while (living.get().stream().anyMatch(ids::contains)
        && System.nanoTime() - start < 5_000_000_000L) {
      Thread.onSpinWait();
    }
    assertThat(living.get()).doesNotContainAnyElementsOf(ids);
  }

  private static ProgramSpec xdp(Instruction... instructions) {
    return ProgramSpec.of("p", ProgramType.XDP, List.of(instructions));
  }

  private static void refused(Runnable operation) {
    assertThatThrownBy(operation::run).isInstanceOf(BpfException.class);
  }

  /** What the open descriptors that this module could have opened are. */
  private static List<String> descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.map(LinuxLeakTest::target)
          .filter(
              target -> target.contains("bpf") || target.contains("[") || target.contains("btf"))
          .toList();
    }
  }

  private static String target(Path fd) {
    try {
      return Files.readSymbolicLink(fd).toString();
    } catch (IOException closedMeanwhile) {
      return "";
    }
  }
}
