package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static io.ebpf4j.conformance.Elements.delete;
import static io.ebpf4j.conformance.Elements.lookup;
import static io.ebpf4j.conformance.Elements.next;
import static io.ebpf4j.conformance.Elements.room;
import static io.ebpf4j.conformance.Elements.u32;
import static io.ebpf4j.conformance.Elements.update;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.conformance.TwinNetwork.Maker;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Attachment.XdpMode;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** CPUMAP as users and programs see it, and frames that go on on another CPU. */
class CpuMapTwinTest {
  static Stream<Maker> makers() {
    return TwinNetwork.makers();
  }

  static Stream<Arguments> modes() {
    return TwinNetwork.makers()
        .flatMap(maker ->
            Stream.of(XdpMode.NATIVE, XdpMode.GENERIC).map(mode -> Arguments.of(maker, mode)));
  }

  private static MapSpec of(int entries) {
    return MapSpec.of("targets", MapType.CPUMAP, 4, 8, entries);
  }

  private static MemorySegment value(int size, int fd) {
    MemorySegment value = room(8);
    value.set(ValueLayout.JAVA_INT_UNALIGNED, 0, size);
    value.set(ValueLayout.JAVA_INT_UNALIGNED, 4, fd);
    return value;
  }

  private static byte[] frame(int first) {
    byte[] frame = new byte[60];
    byte[] header = HexFormat.of().parseHex("0200000000aa0200000000bb88b5");
    System.arraycopy(header, 0, frame, 0, header.length);
    frame[14] = (byte) first;
    return frame;
  }

  @ParameterizedTest
  @MethodSource("makers")
  void elementsAnswer(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(0)) {
      Kernel kernel = network.kernel();
      assertThat(create(kernel, of(4).withValueSize(4))).isEqualTo("OK");
      assertThat(create(kernel, of(4).withValueSize(16))).isEqualTo("EINVAL");
      assertThat(create(kernel, of(4).withKeySize(8))).isEqualTo("EINVAL");
      assertThat(create(kernel, of(0))).isEqualTo("EINVAL");
      assertThat(create(kernel, of(1 << 20))).isEqualTo("E2BIG");
      assertThat(create(kernel, of(4).withFlags(MapFlags.NUMA_NODE))).isEqualTo("OK");
      assertThat(create(kernel, of(4).withFlags(MapFlags.RDONLY))).isEqualTo("EINVAL");
      BpfMap map = kernel.createMap(of(kernel.possibleCpus() + 1));
      int last = kernel.possibleCpus();
      Program program =
          kernel.loadProgram(
              XdpPrograms.verdict(2).withExpectedAttachType(AttachType.XDP_CPUMAP), Map.of());
      Program other = kernel.loadProgram(XdpPrograms.verdict(2), Map.of());
      assertThat(map.info().flags()).isZero();
      assertThat(lookup(map, 0, 0)).isEqualTo("ENOENT");
      assertThat(update(map, 0, value(0, 0), 0)).isEqualTo("OK");
      assertThat(update(map, 0, value(16, 0), 0)).isEqualTo("OK");
      assertThat(lookup(map, 0, 0)).isEqualTo("OK");
      assertThat(update(map, 0, value(16_384, 0), 0)).isEqualTo("OK");
      assertThat(update(map, 0, value(16_385, 0), 0)).isEqualTo("EOVERFLOW");
      assertThat(update(map, last, value(16, 0), 0)).isEqualTo("ENODEV");
      assertThat(update(map, last, value(0, 0), 0)).isEqualTo("ENODEV");
      assertThat(update(map, last + 1, value(16, 0), 0)).isEqualTo("E2BIG");
      assertThat(update(map, 0, value(16, 0), MapFlags.NOEXIST)).isEqualTo("EEXIST");
      assertThat(update(map, 0, value(16, 0), 3)).isEqualTo("EINVAL");
      assertThat(update(map, 0, value(16, 999), 0)).isEqualTo("ENOMEM");
      assertThat(update(map, 0, value(16, map.fd()), 0)).isEqualTo("ENOMEM");
      assertThat(update(map, 0, value(16, other.fd()), 0)).isEqualTo("ENOMEM");
      assertThat(update(map, 0, value(0, other.fd()), 0)).isEqualTo("OK");
      assertThat(update(map, 0, value(16, -1), 0)).isEqualTo("OK");
      assertThat(update(map, 0, value(16, program.fd()), 0)).isEqualTo("OK");
      MemorySegment seen = room(8);
      assertThat(map.lookup(u32(0), seen, 0)).isTrue();
      assertThat(seen.toArray(ValueLayout.JAVA_BYTE))
          .isEqualTo(value(16, program.id()).toArray(ValueLayout.JAVA_BYTE));
      assertThat(next(map, null)).isEqualTo("0");
      assertThat(next(map, (long) last)).isEqualTo("ENOENT");
      assertThat(delete(map, 0)).isEqualTo("OK");
      assertThat(delete(map, 0)).isEqualTo("OK");
      assertThat(delete(map, last + 1)).isEqualTo("EINVAL");
      assertThat(answer(map::freeze)).isEqualTo("OK");
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void programsOnlyRedirectToIt(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(0)) {
      Kernel kernel = network.kernel();
      BpfMap map = kernel.createMap(of(2));
      map.update(u32(0), value(16, 0), 0);
      Map<String, BpfMap> maps = Map.of("targets", map);
      assertThat(answer(() -> kernel.loadProgram(XdpPrograms.lookup(0, 0), maps)))
          .isEqualTo("EINVAL");
      for (int flags : new int[] {0, 1, 2, 3, 4, 8, 16, 24}) {
        Program hit = kernel.loadProgram(XdpPrograms.redirectMap(0, flags), maps);
        Program miss = kernel.loadProgram(XdpPrograms.redirectMap(1, flags), maps);
        TestRun run = TestRun.of(new byte[64]);
        assertThat(hit.testRun(run).returnValue()).isEqualTo(flags < 4 ? 4 : 0);
        assertThat(miss.testRun(run).returnValue()).isEqualTo(flags < 4 ? flags : 0);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("modes")
  void theOtherCpuPassesFramesUp(Maker maker, XdpMode mode) throws Exception {
    try (TwinNetwork network = maker.make(1)) {
      Kernel kernel = network.kernel();
      BpfMap map = kernel.createMap(of(kernel.possibleCpus()));
      int cpu = kernel.possibleCpus() - 1;
      map.update(u32(cpu), value(64, 0), 0);
      Program program = kernel.loadProgram(XdpPrograms.redirectMap(cpu, 0), Map.of("targets", map));
      kernel.attach(program, new Attachment.Xdp(network.ifindex("a1"), mode));
      for (int i = 0; i < 20; i++) {
        network.send("a0", frame(i));
      }
      List<byte[]> up = network.received("a1", 20);
      assertThat(up).hasSize(20);
      for (int i = 0; i < 20; i++) {
        assertThat(up.get(i)).isEqualTo(frame(i));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void theEntrysProgramDecides(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(1)) {
      Kernel kernel = network.kernel();
      BpfMap map = kernel.createMap(of(kernel.possibleCpus()));
      Program second =
          kernel.loadProgram(
              XdpPrograms.verdictOfPayload().withExpectedAttachType(AttachType.XDP_CPUMAP),
              Map.of());
      map.update(u32(0), value(64, second.fd()), 0);
      Program program = kernel.loadProgram(XdpPrograms.redirectMap(0, 0), Map.of("targets", map));
      kernel.attach(program, new Attachment.Xdp(network.ifindex("a1"), XdpMode.NATIVE));
      for (int verdict = 0; verdict < 6; verdict++) {
        network.send("a0", frame(verdict));
      }
      List<byte[]> up = network.received("a1", 1);
      assertThat(up).hasSize(1);
      assertThat(up.getFirst()).isEqualTo(frame(2));
      assertThat(network.received("a0", 0)).isEmpty();
    }
  }

  private static String create(Kernel kernel, MapSpec spec) {
    return answer(() -> kernel.createMap(spec).close());
  }
}
