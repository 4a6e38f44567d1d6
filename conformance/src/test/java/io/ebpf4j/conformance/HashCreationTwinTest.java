package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.util.Map;
import java.util.TreeMap;

/** What creation of a hash answers to each flag, size and type of its values. */
class HashCreationTwinTest {
  private static final MapSpec HASH = MapSpec.of("h", MapType.HASH, 4, 8, 4);
  private static final MapSpec PERCPU = HASH.withType(MapType.PERCPU_HASH);

  private static final MapType[] LRU = {MapType.LRU_HASH, MapType.LRU_PERCPU_HASH};

  private static final Map<String, Integer> FLAGS =
      Map.ofEntries(
          Map.entry("NO_PREALLOC", MapFlags.NO_PREALLOC),
          Map.entry("NO_COMMON_LRU", MapFlags.NO_COMMON_LRU),
          Map.entry("NUMA_NODE", MapFlags.NUMA_NODE),
          Map.entry("RDONLY", MapFlags.RDONLY),
          Map.entry("WRONLY", MapFlags.WRONLY),
          Map.entry("STACK_BUILD_ID", MapFlags.STACK_BUILD_ID),
          Map.entry("ZERO_SEED", MapFlags.ZERO_SEED),
          Map.entry("RDONLY_PROG", MapFlags.RDONLY_PROG),
          Map.entry("WRONLY_PROG", MapFlags.WRONLY_PROG),
          Map.entry("both_PROG", MapFlags.RDONLY_PROG | MapFlags.WRONLY_PROG),
          Map.entry("CLONE", MapFlags.CLONE),
          Map.entry("MMAPABLE", MapFlags.MMAPABLE),
          Map.entry("PRESERVE_ELEMS", MapFlags.PRESERVE_ELEMS),
          Map.entry("INNER_MAP", MapFlags.INNER_MAP),
          Map.entry("bit 20", 1 << 20));

  @TwinTest
  void aHashTakesSixKindsOfFlags(Kernel kernel) {
    assertThat(taken(kernel, HASH))
        .containsExactly(
            "NO_PREALLOC",
            "NUMA_NODE",
            "RDONLY",
            "RDONLY_PROG",
            "WRONLY",
            "WRONLY_PROG",
            "ZERO_SEED");
    assertThat(taken(kernel, PERCPU))
        .containsExactly(
            "NO_PREALLOC", "RDONLY", "RDONLY_PROG", "WRONLY", "WRONLY_PROG", "ZERO_SEED");
  }

  @TwinTest
  void anLruHashTakesListsOfItsCpus(Kernel kernel) {
    for (MapType type : LRU) {
      MapSpec spec = HASH.withType(type);
      assertThat(create(kernel, spec)).isEqualTo("OK");
      assertThat(create(kernel, spec.withFlags(MapFlags.NO_PREALLOC))).isEqualTo("ENOTSUPP");
      assertThat(create(kernel, spec.withFlags(MapFlags.NUMA_NODE)))
          .isEqualTo(type == MapType.LRU_HASH ? "OK" : "EINVAL");
      int own = MapFlags.NO_COMMON_LRU;
      assertThat(create(kernel, spec.withFlags(own | MapFlags.NUMA_NODE))).isEqualTo("EINVAL");
      try (BpfMap map = kernel.createMap(spec.withFlags(own).withMaxEntries(3))) {
        int cpus = kernel.possibleCpus();
        assertThat(map.info().maxEntries()).isEqualTo((3 + cpus - 1) / cpus * cpus);
      }
    }
  }

  @TwinTest
  void keysValuesAndEntriesAreAtLeastOne(Kernel kernel) {
    for (MapSpec spec : new MapSpec[] {HASH, PERCPU}) {
      assertThat(create(kernel, spec.withMaxEntries(0))).isEqualTo("EINVAL");
      assertThat(create(kernel, spec.withKeySize(0))).isEqualTo("EINVAL");
      assertThat(create(kernel, spec.withValueSize(0))).isEqualTo("EINVAL");
      assertThat(create(kernel, spec.withKeySize(1).withValueSize(1))).isEqualTo("OK");
      assertThat(create(kernel, spec.withMaxEntries(1))).isEqualTo("OK");
    }
  }

  @TwinTest
  void keyAndValueTogetherStayBelowFourMebibytes(Kernel kernel) {
    int most = (4 << 20) - 48 - 1;
    MapSpec one = HASH.withMaxEntries(1).withFlags(MapFlags.NO_PREALLOC);
    assertThat(create(kernel, one.withValueSize(most - 4))).isEqualTo("OK");
    assertThat(create(kernel, one.withValueSize(most - 3))).isEqualTo("E2BIG");
    assertThat(create(kernel, one.withKeySize(most - 8))).isEqualTo("OK");
    assertThat(create(kernel, one.withKeySize(most - 7))).isEqualTo("E2BIG");
    assertThat(create(kernel, one.withKeySize(-1))).isEqualTo("E2BIG");
    assertThat(create(kernel, one.withValueSize(-1))).isEqualTo("E2BIG");
    MapSpec perCpu = PERCPU.withMaxEntries(1);
    assertThat(create(kernel, perCpu.withValueSize(32768))).isEqualTo("OK");
    assertThat(create(kernel, perCpu.withValueSize(32769))).isEqualTo("E2BIG");
  }

  @TwinTest
  void moreThanTwoToThe27KeysAreTooMany(Kernel kernel) {
    for (MapSpec spec : new MapSpec[] {HASH, PERCPU}) {
      MapSpec big = spec.withFlags(MapFlags.NO_PREALLOC);
      assertThat(create(kernel, big.withMaxEntries((1 << 27) + 1))).isEqualTo("E2BIG");
      assertThat(create(kernel, big.withMaxEntries(-1))).isEqualTo("E2BIG");
    }
  }

  @TwinTest
  void aKeyNeedsATypeWhereTheValueHasOne(Kernel kernel) {
    BtfBuilder types = new BtfBuilder();
    int u64 = types.unsigned("u64", 8);
    int key = types.struct("key", s -> s.member("a", u64));
    MapSpec spec = HASH.withKeySize(8);
    assertThat(create(kernel, spec.withTypes(types.build(), key, u64))).isEqualTo("OK");
    assertThat(create(kernel, spec.withTypes(types.build(), 0, u64))).isEqualTo("EINVAL");
    assertThat(create(kernel, spec.withTypes(types.build(), key, 0))).isEqualTo("EINVAL");
    assertThat(create(kernel, HASH.withTypes(types.build(), key, u64))).isEqualTo("EINVAL");
  }

  @TwinTest
  void locksAndTimersAreInPlainHashesAlone(Kernel kernel) {
    for (String field : new String[] {"bpf_spin_lock", "bpf_timer", "bpf_wq"}) {
      assertThat(create(kernel, special(HASH, field))).as(field).isEqualTo("OK");
      assertThat(create(kernel, special(PERCPU, field))).as(field).isEqualTo("ENOTSUP");
      assertThat(create(kernel, special(HASH.withType(MapType.LRU_HASH), field)))
          .as(field)
          .isEqualTo(field.equals("bpf_spin_lock") ? "ENOTSUP" : "OK");
      assertThat(create(kernel, special(HASH.withType(MapType.LRU_PERCPU_HASH), field)))
          .as(field)
          .isEqualTo("ENOTSUP");
    }
  }

  private static MapSpec special(MapSpec spec, String field) {
    BtfBuilder types = new BtfBuilder();
    int u32 = types.unsigned("u32", 4);
    int u64 = types.unsigned("u64", 8);
    int special =
        field.equals("bpf_spin_lock")
            ? types.struct(field, s -> s.member("val", u32))
            : types.struct(field, s -> s.member("opaque", types.array(u64, 2)));
    int size = field.equals("bpf_spin_lock") ? 4 : 16;
    int value = types.struct("value", s -> s.member("f", special));
    return spec.withValueSize(size).withTypes(types.build(), u32, value);
  }

  private static Iterable<String> taken(Kernel kernel, MapSpec spec) {
    Map<String, String> answers = new TreeMap<>();
    FLAGS.forEach((name, flags) -> answers.put(name, create(kernel, spec.withFlags(flags))));
    answers.values().removeIf("EINVAL"::equals);
    assertThat(answers.values()).containsOnly("OK");
    return answers.keySet();
  }

  private static String create(Kernel kernel, MapSpec spec) {
    return answer(() -> kernel.createMap(spec).close());
  }
}
