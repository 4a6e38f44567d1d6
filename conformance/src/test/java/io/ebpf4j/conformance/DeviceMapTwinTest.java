package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static io.ebpf4j.conformance.Elements.delete;
import static io.ebpf4j.conformance.Elements.lookup;
import static io.ebpf4j.conformance.Elements.next;
import static io.ebpf4j.conformance.Elements.room;
import static io.ebpf4j.conformance.Elements.u32;
import static io.ebpf4j.conformance.Elements.update;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.conformance.TwinNetwork.Maker;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** DEVMAP and DEVMAP_HASH as users and programs see them. */
class DeviceMapTwinTest {
  private static final int LOOPBACK = 1;
  private static final int NO_DEVICE = 4711;

  static Stream<Maker> makers() {
    return TwinNetwork.makers();
  }

  private static MapSpec of(MapType type) {
    return MapSpec.of("targets", type, 4, 4, 4);
  }

  private static MemorySegment value(int ifindex, int fd) {
    MemorySegment value = room(8);
    value.set(ValueLayout.JAVA_INT_UNALIGNED, 0, ifindex);
    value.set(ValueLayout.JAVA_INT_UNALIGNED, 4, fd);
    return value;
  }

  private static List<Integer> keys(BpfMap map) {
    List<Integer> keys = new ArrayList<>();
    MemorySegment key = null;
    MemorySegment following = room(4);
    while (map.nextKey(key, following)) {
      keys.add(following.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
      key = u32(keys.getLast());
    }
    return keys;
  }

  @ParameterizedTest
  @MethodSource("makers")
  void creationIsCheckedForBothTypesAlike(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(0)) {
      Kernel kernel = network.kernel();
      for (MapType type : List.of(MapType.DEVMAP, MapType.DEVMAP_HASH)) {
        assertThat(create(kernel, of(type))).isEqualTo("OK");
        assertThat(create(kernel, of(type).withValueSize(8))).isEqualTo("OK");
        assertThat(create(kernel, of(type).withValueSize(16))).isEqualTo("EINVAL");
        assertThat(create(kernel, of(type).withValueSize(0))).isEqualTo("EINVAL");
        assertThat(create(kernel, of(type).withKeySize(8))).isEqualTo("EINVAL");
        assertThat(create(kernel, of(type).withMaxEntries(0))).isEqualTo("EINVAL");
        assertThat(create(kernel, of(type).withFlags(MapFlags.NUMA_NODE))).isEqualTo("OK");
        assertThat(create(kernel, of(type).withFlags(MapFlags.RDONLY))).isEqualTo("OK");
        for (int flag :
            List.of(
                MapFlags.RDONLY_PROG,
                MapFlags.WRONLY_PROG,
                MapFlags.NO_PREALLOC,
                MapFlags.MMAPABLE,
                MapFlags.INNER_MAP)) {
          assertThat(create(kernel, of(type).withFlags(flag))).isEqualTo("EINVAL");
        }
        assertThat(create(kernel, of(type).withName("no-name"))).isEqualTo("EINVAL");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void programsOnlyReadIt(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(0)) {
      Kernel kernel = network.kernel();
      for (MapType type : List.of(MapType.DEVMAP, MapType.DEVMAP_HASH)) {
        BpfMap map = kernel.createMap(of(type));
        assertThat(map.info().flags()).isEqualTo(MapFlags.RDONLY_PROG);
        map.update(u32(0), u32(LOOPBACK), 0);
        assertThat(run(kernel, XdpPrograms.lookup(0, 0), map)).isEqualTo("1");
        assertThat(run(kernel, XdpPrograms.lookup(1, 0), map)).isEqualTo("0");
        assertThat(run(kernel, XdpPrograms.lookup(4, 0), map)).isEqualTo("0");
        assertThat(run(kernel, XdpPrograms.lookup(0, 4), map)).isEqualTo("EACCES");
        assertThat(run(kernel, XdpPrograms.write(), map)).isEqualTo("EACCES");
        assertThat(run(kernel, XdpPrograms.keyed(2), map)).isEqualTo("EACCES");
        assertThat(run(kernel, XdpPrograms.keyed(3), map)).isEqualTo("EACCES");
        assertThat(run(kernel, XdpPrograms.keyed(195), map)).isEqualTo("EINVAL");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void anArrayOfDevicesAnswers(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(0)) {
      BpfMap map = network.kernel().createMap(of(MapType.DEVMAP));
      assertThat(lookup(map, 0, 0)).isEqualTo("ENOENT");
      assertThat(lookup(map, 4, 0)).isEqualTo("ENOENT");
      assertThat(update(map, 0, u32(0), 0)).isEqualTo("OK");
      assertThat(update(map, 0, u32(NO_DEVICE), 0)).isEqualTo("EINVAL");
      assertThat(update(map, 0, u32(LOOPBACK), 0)).isEqualTo("OK");
      assertThat(lookup(map, 0, 0)).isEqualTo("OK");
      assertThat(update(map, 0, u32(LOOPBACK), MapFlags.NOEXIST)).isEqualTo("EEXIST");
      assertThat(update(map, 1, u32(LOOPBACK), MapFlags.NOEXIST)).isEqualTo("EEXIST");
      assertThat(update(map, 1, u32(LOOPBACK), MapFlags.EXIST)).isEqualTo("OK");
      assertThat(update(map, 1, u32(LOOPBACK), 3)).isEqualTo("EINVAL");
      assertThat(update(map, 1, u32(LOOPBACK), MapFlags.LOCK)).isEqualTo("EINVAL");
      assertThat(update(map, 4, u32(LOOPBACK), 0)).isEqualTo("E2BIG");
      assertThat(update(map, 4, u32(LOOPBACK), MapFlags.NOEXIST)).isEqualTo("E2BIG");
      assertThat(update(map, 4, u32(LOOPBACK), 3)).isEqualTo("EINVAL");
      assertThat(keys(map)).containsExactly(0, 1, 2, 3);
      assertThat(next(map, 9L)).isEqualTo("0");
      assertThat(delete(map, 0)).isEqualTo("OK");
      assertThat(delete(map, 0)).isEqualTo("OK");
      assertThat(delete(map, 4)).isEqualTo("EINVAL");
      assertThat(lookup(map, 0, 0)).isEqualTo("ENOENT");
      assertThat(answer(() -> map.lookupAndDelete(u32(1), room(4), 0))).isEqualTo("ENOTSUPP");
      assertThat(batch(map)).isEqualTo("ENOTSUPP");
      assertThat(answer(map::freeze)).isEqualTo("OK");
      assertThat(update(map, 0, u32(LOOPBACK), 0)).isEqualTo("EPERM");
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void aHashOfDevicesAnswers(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(0)) {
      BpfMap map = network.kernel().createMap(of(MapType.DEVMAP_HASH));
      assertThat(next(map, null)).isEqualTo("ENOENT");
      assertThat(update(map, 0, u32(0), 0)).isEqualTo("EINVAL");
      assertThat(update(map, 0, u32(NO_DEVICE), 0)).isEqualTo("EINVAL");
      assertThat(update(map, 0, u32(LOOPBACK), MapFlags.EXIST)).isEqualTo("OK");
      assertThat(update(map, 0, u32(LOOPBACK), MapFlags.NOEXIST)).isEqualTo("EEXIST");
      assertThat(update(map, 0, u32(NO_DEVICE), MapFlags.NOEXIST)).isEqualTo("EEXIST");
      assertThat(update(map, 0, u32(LOOPBACK), 3)).isEqualTo("EINVAL");
      assertThat(update(map, 9, u32(LOOPBACK), MapFlags.NOEXIST)).isEqualTo("OK");
      assertThat(update(map, 1, u32(LOOPBACK), 0)).isEqualTo("OK");
      assertThat(update(map, -1, u32(LOOPBACK), 0)).isEqualTo("OK");
      assertThat(update(map, 7, u32(LOOPBACK), 0)).isEqualTo("E2BIG");
      assertThat(update(map, 7, u32(NO_DEVICE), 0)).isEqualTo("EINVAL");
      assertThat(update(map, 9, u32(LOOPBACK), 0)).isEqualTo("OK");
      assertThat(keys(map)).containsExactly(0, 9, 1, -1);
      assertThat(next(map, 5L)).isEqualTo("0");
      assertThat(delete(map, 5)).isEqualTo("ENOENT");
      assertThat(delete(map, 9)).isEqualTo("OK");
      assertThat(delete(map, 9)).isEqualTo("ENOENT");
      assertThat(lookup(map, 9, 0)).isEqualTo("ENOENT");
      assertThat(batch(map)).isEqualTo("ENOTSUPP");
      assertThat(answer(map::freeze)).isEqualTo("OK");
      assertThat(delete(map, 0)).isEqualTo("EPERM");
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void keysComeByBucketTheNewestFirst(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(0)) {
      BpfMap map = network.kernel().createMap(of(MapType.DEVMAP_HASH).withMaxEntries(6));
      for (int key : new int[] {1, 9, 17, 2, 100, 7}) {
        map.update(u32(key), u32(LOOPBACK), 0);
      }
      assertThat(keys(map)).containsExactly(17, 9, 1, 2, 100, 7);
      map.update(u32(9), u32(LOOPBACK), 0);
      assertThat(keys(map)).containsExactly(9, 17, 1, 2, 100, 7);
      map.delete(u32(17));
      assertThat(keys(map)).containsExactly(9, 1, 2, 100, 7);
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void aProgramGoesInByDescriptorAndComesOutById(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(0)) {
      Kernel kernel = network.kernel();
      Program egress = kernel.loadProgram(XdpPrograms.egress(2), Map.of());
      Program ingress = kernel.loadProgram(XdpPrograms.verdict(2), Map.of());
      for (MapType type : List.of(MapType.DEVMAP, MapType.DEVMAP_HASH)) {
        BpfMap map = kernel.createMap(of(type).withValueSize(8));
        assertThat(update(map, 0, value(LOOPBACK, 0), 0)).isEqualTo("OK");
        assertThat(update(map, 0, value(LOOPBACK, -1), 0)).isEqualTo("OK");
        assertThat(update(map, 0, value(LOOPBACK, 999), 0)).isEqualTo("EINVAL");
        assertThat(update(map, 0, value(LOOPBACK, map.fd()), 0)).isEqualTo("EINVAL");
        assertThat(update(map, 0, value(LOOPBACK, ingress.fd()), 0)).isEqualTo("EINVAL");
        assertThat(update(map, 0, value(0, egress.fd()), 0)).isEqualTo("EINVAL");
        assertThat(update(map, 0, value(NO_DEVICE, egress.fd()), 0)).isEqualTo("EINVAL");
        assertThat(update(map, 0, value(LOOPBACK, egress.fd()), 0)).isEqualTo("OK");
        MemorySegment seen = room(8);
        assertThat(map.lookup(u32(0), seen, 0)).isTrue();
        assertThat(seen.toArray(ValueLayout.JAVA_BYTE))
            .isEqualTo(value(LOOPBACK, egress.id()).toArray(ValueLayout.JAVA_BYTE));
        assertThat(run(kernel, XdpPrograms.lookup(0, 4), map))
            .isEqualTo(Integer.toString(egress.id()));
      }
      assertThat(update(kernel.createMap(of(MapType.DEVMAP).withValueSize(8)), 0, value(0, -1), 0))
          .isEqualTo("OK");
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void programsOfAMapAgreeOnFrags(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(0)) {
      Kernel kernel = network.kernel();
      ProgramSpec plain = XdpPrograms.egress(2);
      ProgramSpec withFrags = plain.withFlags(false, true);
      for (MapType type : List.of(MapType.DEVMAP, MapType.DEVMAP_HASH)) {
        BpfMap map = kernel.createMap(of(type).withValueSize(8));
        Program first = kernel.loadProgram(plain, Map.of());
        Program second = kernel.loadProgram(withFrags, Map.of());
        assertThat(update(map, 0, value(LOOPBACK, first.fd()), 0)).isEqualTo("OK");
        assertThat(update(map, 1, value(LOOPBACK, second.fd()), 0)).isEqualTo("EINVAL");
        map.delete(u32(0));
        assertThat(update(map, 1, value(LOOPBACK, second.fd()), 0)).isEqualTo("EINVAL");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void whoUsesAnArrayOfDevicesAgreesWithItsPrograms(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(0)) {
      Kernel kernel = network.kernel();
      ProgramSpec user = XdpPrograms.redirectMap(0, 0);
      Program egress = kernel.loadProgram(XdpPrograms.egress(2), Map.of());
      Program egressWithFrags =
          kernel.loadProgram(XdpPrograms.egress(2).withFlags(false, true), Map.of());
      BpfMap array = kernel.createMap(of(MapType.DEVMAP).withValueSize(8));
      assertThat(load(kernel, user.withFlags(false, true), array)).isEqualTo("OK");
      assertThat(update(array, 0, value(LOOPBACK, egress.fd()), 0)).isEqualTo("EINVAL");
      assertThat(update(array, 0, value(LOOPBACK, egressWithFrags.fd()), 0)).isEqualTo("OK");
      assertThat(load(kernel, user, array)).isEqualTo("EINVAL");
      BpfMap hash = kernel.createMap(of(MapType.DEVMAP_HASH).withValueSize(8));
      assertThat(load(kernel, user.withFlags(false, true), hash)).isEqualTo("OK");
      assertThat(update(hash, 0, value(LOOPBACK, egress.fd()), 0)).isEqualTo("OK");
      assertThat(load(kernel, user, hash)).isEqualTo("OK");
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void onlyEgressProgramsReadTheEgressDevice(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(0)) {
      Kernel kernel = network.kernel();
      ProgramSpec stamp = XdpPrograms.stampEgress();
      assertThat(answer(() -> kernel.loadProgram(stamp, Map.of()))).isEqualTo("OK");
      for (AttachType other : List.of(AttachType.XDP, AttachType.XDP_CPUMAP)) {
        assertThat(answer(() -> kernel.loadProgram(stamp.withExpectedAttachType(other), Map.of())))
            .isEqualTo("EACCES");
      }
      Program egress = kernel.loadProgram(XdpPrograms.egress(2), Map.of());
      assertThat(answer(() -> egress.testRun(TestRun.of(new byte[64])))).isEqualTo("EINVAL");
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void whatRedirectHelpersGive(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(0)) {
      Kernel kernel = network.kernel();
      assertThat(run(kernel, XdpPrograms.redirect(LOOPBACK, 0), null)).isEqualTo("4");
      assertThat(run(kernel, XdpPrograms.redirect(NO_DEVICE, 0), null)).isEqualTo("4");
      assertThat(run(kernel, XdpPrograms.redirect(LOOPBACK, 1), null)).isEqualTo("0");
      for (MapType type : List.of(MapType.DEVMAP, MapType.DEVMAP_HASH)) {
        BpfMap map = kernel.createMap(of(type));
        map.update(u32(1), u32(LOOPBACK), 0);
        assertThat(run(kernel, XdpPrograms.redirectMap(1, 0), map)).isEqualTo("4");
        for (int flags = 0; flags < 64; flags++) {
          boolean known = (flags & ~0x1b) == 0;
          boolean broadcast = (flags & 8) != 0;
          assertThat(run(kernel, XdpPrograms.redirectMap(0, flags), map))
              .as("a miss with flags %d", flags)
              .isEqualTo(known ? broadcast ? "4" : Integer.toString(flags & 3) : "0");
          assertThat(run(kernel, XdpPrograms.redirectMap(1, flags), map))
              .as("a hit with flags %d", flags)
              .isEqualTo(known ? "4" : "0");
        }
        assertThat(run(kernel, XdpPrograms.redirectMap(4, 2), map)).isEqualTo("2");
        assertThat(run(kernel, XdpPrograms.redirectMap(-1, 1), map)).isEqualTo("1");
        assertThat(run(kernel, XdpPrograms.redirectMap(1, -1), map)).isEqualTo("0");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void onlyMapsOfTargetsAreRedirectedTo(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(0)) {
      Kernel kernel = network.kernel();
      BpfMap array = kernel.createMap(MapSpec.array("targets", 4, 4));
      assertThat(load(kernel, XdpPrograms.redirectMap(0, 0), array)).isEqualTo("EINVAL");
      BpfMap devices = kernel.createMap(of(MapType.DEVMAP));
      ProgramSpec tc =
          ProgramSpec.of("tc", ProgramType.SCHED_CLS, XdpPrograms.redirectMap(0, 0).instructions())
              .withReferences(XdpPrograms.redirectMap(0, 0).references());
      assertThat(load(kernel, tc, devices)).isEqualTo("EINVAL");
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void aMapOfSocketsAnswers(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(0)) {
      Kernel kernel = network.kernel();
      MapSpec spec = of(MapType.XSKMAP);
      assertThat(create(kernel, spec.withValueSize(8))).isEqualTo("EINVAL");
      assertThat(create(kernel, spec.withKeySize(8))).isEqualTo("EINVAL");
      assertThat(create(kernel, spec.withMaxEntries(0))).isEqualTo("EINVAL");
      assertThat(create(kernel, spec.withFlags(MapFlags.RDONLY))).isEqualTo("OK");
      assertThat(create(kernel, spec.withFlags(MapFlags.RDONLY_PROG))).isEqualTo("EINVAL");
      BpfMap map = kernel.createMap(spec);
      assertThat(lookup(map, 0, 0)).isEqualTo("ENOTSUP");
      assertThat(update(map, 0, u32(999), 0)).isEqualTo("EBADF");
      assertThat(update(map, 0, u32(map.fd()), 0)).isEqualTo("ENOTSOCK");
      assertThat(update(map, 0, u32(map.fd()), 3)).isEqualTo("EINVAL");
      assertThat(update(map, 4, u32(map.fd()), 0)).isEqualTo("E2BIG");
      assertThat(delete(map, 0)).isEqualTo("OK");
      assertThat(delete(map, 4)).isEqualTo("EINVAL");
      assertThat(keys(map)).containsExactly(0, 1, 2, 3);
      assertThat(run(kernel, XdpPrograms.redirectMap(0, 2), map)).isEqualTo("2");
      assertThat(run(kernel, XdpPrograms.redirectMap(0, 10), map)).isEqualTo("0");
      assertThat(run(kernel, XdpPrograms.lookup(0, 0), map)).isEqualTo("0");
      assertThat(run(kernel, XdpPrograms.write(), map)).isEqualTo("EACCES");
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void aDeviceThatGoesLeavesAllMaps(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(2)) {
      Kernel kernel = network.kernel();
      BpfMap array = kernel.createMap(of(MapType.DEVMAP));
      BpfMap hash = kernel.createMap(of(MapType.DEVMAP_HASH));
      for (BpfMap map : List.of(array, hash)) {
        map.update(u32(0), u32(network.ifindex("a0")), 0);
        map.update(u32(1), u32(network.ifindex("b0")), 0);
        map.update(u32(2), u32(network.ifindex("a1")), 0);
        map.update(u32(3), u32(network.ifindex("b1")), 0);
      }
      int gone = network.ifindex("a0");
      network.remove("a0");
      for (BpfMap map : List.of(array, hash)) {
        assertThat(lookup(map, 0, 0)).isEqualTo("ENOENT");
        assertThat(lookup(map, 1, 0)).isEqualTo("OK");
        assertThat(lookup(map, 2, 0)).isEqualTo("ENOENT");
        assertThat(update(map, 0, u32(gone), 0)).isEqualTo("EINVAL");
      }
      assertThat(keys(hash)).containsExactly(1, 3);
      assertThat(update(hash, 70, u32(network.ifindex("b0")), 0)).isEqualTo("OK");
      assertThat(update(hash, 71, u32(network.ifindex("b0")), 0)).isEqualTo("OK");
      assertThat(update(hash, 72, u32(network.ifindex("b0")), 0)).isEqualTo("E2BIG");
    }
  }

  private static String create(Kernel kernel, MapSpec spec) {
    return answer(() -> kernel.createMap(spec).close());
  }

  private static String batch(BpfMap map) {
    return answer(() -> map.lookupBatch(null, room(4), room(16), room(16), 4, 0));
  }

  private static String load(Kernel kernel, ProgramSpec spec, BpfMap map) {
    return answer(() -> kernel.loadProgram(spec, Map.of("targets", map)));
  }

  private static String run(Kernel kernel, ProgramSpec spec, @Nullable BpfMap map) {
    Map<String, BpfMap> maps = map == null ? Map.of() : Map.of("targets", map);
    try (Program program = kernel.loadProgram(spec, maps)) {
      return Integer.toString(program.testRun(TestRun.of(new byte[64])).returnValue());
    } catch (BpfException refused) {
      return refused.errno().name();
    }
  }
}
