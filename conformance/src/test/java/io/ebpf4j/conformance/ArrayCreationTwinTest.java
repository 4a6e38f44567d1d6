package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfException;
import io.ebpf4j.Kernel;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What creation of each array type answers to each flag and size: the recorded answers, on both.
 */
class ArrayCreationTwinTest {
  private static final Map<String, MapType> TYPES =
      Map.of(
          "ARRAY", MapType.ARRAY,
          "PERCPU", MapType.PERCPU_ARRAY,
          "PROG", MapType.PROG_ARRAY,
          "PERF", MapType.PERF_EVENT_ARRAY,
          "CGROUP", MapType.CGROUP_ARRAY);

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

  @TwinTest
  void everyRecordedAnswerIsGiven(Kernel kernel) throws IOException {
    Map<String, String> expected = new LinkedHashMap<>();
    Map<String, String> given = new LinkedHashMap<>();
    for (String line : facts()) {
      String name = line.substring(0, line.lastIndexOf(' ')).strip();
      expected.put(name, line.substring(line.lastIndexOf(' ') + 1));
      given.put(name, answer(kernel, spec(name)));
    }
    assertThat(given).hasSizeGreaterThan(90).isEqualTo(expected);
  }

  private static String answer(Kernel kernel, MapSpec spec) {
    try {
      kernel.createMap(spec).close();
      return "OK";
    } catch (BpfException e) {
      return e.errno().name();
    }
  }

  private static MapSpec spec(String name) {
    String[] words = name.split(" ", 2);
    MapType type = Objects.requireNonNull(TYPES.get(words[0]), name);
    int valueSize = type == MapType.ARRAY || type == MapType.PERCPU_ARRAY ? 8 : 4;
    MapSpec plain = MapSpec.of("m", type, 4, valueSize, 4);
    return switch (words[1]) {
      case "plain" -> plain;
      case "max0" -> plain.withMaxEntries(0);
      case "key8" -> plain.withKeySize(8);
      case "value0" -> plain.withValueSize(0);
      case "value 16" -> plain.withValueSize(16);
      case "value 8" -> plain.withValueSize(8);
      case "v=2^31" -> plain.withValueSize(1 << 31).withMaxEntries(1);
      case "v=32768" -> plain.withValueSize(32768).withMaxEntries(1);
      case "v=32769" -> plain.withValueSize(32769).withMaxEntries(1);
      case "v=32760" -> plain.withValueSize(32760).withMaxEntries(1);
      default -> plain.withFlags(Objects.requireNonNull(FLAGS.get(words[1].substring(5)), name));
    };
  }

  private static List<String> facts() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            ArrayCreationTwinTest.class.getResourceAsStream("/array-creation.txt"))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }
}
