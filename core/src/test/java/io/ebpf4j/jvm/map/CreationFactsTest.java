package io.ebpf4j.jvm.map;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.map.LinuxFacts.Fact;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each creation that Linux 6.18 was asked for, asked here. */
class CreationFactsTest {
  private static final Map<String, MapSpec> SHAPES =
      Map.of(
          "ARRAY", MapSpec.of("x", MapType.ARRAY, 4, 8, 4),
          "PERCPU", MapSpec.of("x", MapType.PERCPU_ARRAY, 4, 8, 4),
          "PROG", MapSpec.of("x", MapType.PROG_ARRAY, 4, 4, 4),
          "PERF", MapSpec.of("x", MapType.PERF_EVENT_ARRAY, 4, 4, 4),
          "CGROUP", MapSpec.of("x", MapType.CGROUP_ARRAY, 4, 4, 4),
          "REUSEPORT", MapSpec.of("x", MapType.REUSEPORT_SOCKARRAY, 4, 8, 4),
          "DEVMAP", MapSpec.of("x", MapType.DEVMAP, 4, 4, 4),
          "DEVHASH", MapSpec.of("x", MapType.DEVMAP_HASH, 4, 4, 4));

  private static final Map<String, Integer> FLAGS =
      Map.ofEntries(
          Map.entry("NO_PREALLOC", MapFlags.NO_PREALLOC),
          Map.entry("NO_COMMON_LRU", MapFlags.NO_COMMON_LRU),
          Map.entry("NUMA", MapFlags.NUMA_NODE),
          Map.entry("RDONLY", MapFlags.RDONLY),
          Map.entry("WRONLY", MapFlags.WRONLY),
          Map.entry("RD+WR", MapFlags.RDONLY | MapFlags.WRONLY),
          Map.entry("ZERO_SEED", MapFlags.ZERO_SEED),
          Map.entry("RDONLY_PROG", MapFlags.RDONLY_PROG),
          Map.entry("WRONLY_PROG", MapFlags.WRONLY_PROG),
          Map.entry("RD+WR_PROG", MapFlags.RDONLY_PROG | MapFlags.WRONLY_PROG),
          Map.entry("CLONE", MapFlags.CLONE),
          Map.entry("MMAPABLE", MapFlags.MMAPABLE),
          Map.entry("PRESERVE", MapFlags.PRESERVE_ELEMS),
          Map.entry("INNER_MAP", MapFlags.INNER_MAP),
          Map.entry("bit20", 1 << 20));

  private static final Pattern SHAPED =
      Pattern.compile("(ARRAY|PERCPU|PROG|PERF|CGROUP|REUSEPORT|DEVMAP|DEVHASH) (.*)");

  private final TestKernel kernel = new TestKernel();

  @AfterEach
  void close() {
    kernel.close();
  }

  static Stream<Fact> facts() {
    return LinuxFacts.arrays().stream().filter(fact -> SHAPED.matcher(fact.name()).matches());
  }

  @ParameterizedTest
  @MethodSource("facts")
  void creationAnswersAsLinux(Fact fact) {
    Matcher shaped = SHAPED.matcher(fact.name());
    assertThat(shaped.matches()).isTrue();
    MapSpec shape = Objects.requireNonNull(SHAPES.get(shaped.group(1)));
    MapSpec spec = variant(shape, shaped.group(2));
    if (isBuilt(spec.type())) {
      assertThat(Answer.of(() -> kernel.create(spec).release()))
          .isEqualTo(Answer.parse(fact.answer()));
    } else {
      assertThatThrownBy(() -> kernel.create(shape))
          .isInstanceOf(BpfException.class)
          .hasMessageContaining("map type %s is not built", spec.type());
    }
  }

  private static boolean isBuilt(MapType type) {
    return switch (type) {
      case DEVMAP, DEVMAP_HASH -> false;
      default -> true;
    };
  }

  private static MapSpec variant(MapSpec shape, String name) {
    return switch (name) {
      case "plain" -> shape;
      case "max0" -> shape.withMaxEntries(0);
      case "key8" -> shape.withKeySize(8);
      case "value0" -> shape.withValueSize(0);
      case "value 16" -> shape.withValueSize(16);
      case "value 8" -> shape.withValueSize(8);
      case "v=2^31" -> shape.withValueSize(1 << 31);
      case "v=32768" -> shape.withValueSize(32768);
      case "v=32769" -> shape.withValueSize(32769);
      case "v=32760" -> shape.withValueSize(32760);
      default -> {
        Integer flags = FLAGS.get(name.replace("flag ", ""));
        if (flags == null) {
          throw new AssertionError("no such variant: " + name);
        }
        yield shape.withFlags(flags);
      }
    };
  }
}
