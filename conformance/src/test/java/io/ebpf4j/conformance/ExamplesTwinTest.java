package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.TestRun;
import io.ebpf4j.junit.BothKernels;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.pcap.CaptureReader;
import io.ebpf4j.spec.MapType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The examples over the capture: the same verdicts, packets and maps from both kernels. */
class ExamplesTwinTest {
  private static final Path EXAMPLES = Path.of(System.getProperty("ebpf4j.root"), "examples");

  @ParameterizedTest
  @CsvSource({"xdp-count/xdp_count.bpf.o, count", "xdp-parse/xdp_parse.bpf.o, parse"})
  void bothKernelsGiveTheSame(String object, String program) throws IOException {
    List<byte[]> packets = capture();
    Outcome jvm;
    try (Kernel kernel = BothKernels.jvm()) {
      jvm = run(kernel, object, program, packets);
    }
    assertThat(jvm.runs()).hasSameSizeAs(packets);
    Optional<Kernel> linux = BothKernels.linux();
    if (linux.isPresent()) {
      try (Kernel kernel = linux.get()) {
        Outcome judge = run(kernel, object, program, packets);
        assertThat(jvm.runs()).isEqualTo(judge.runs());
        assertThat(jvm.maps()).isEqualTo(judge.maps());
      }
    }
  }

  private record Outcome(List<String> runs, Map<String, List<String>> maps) {}

  private static Outcome run(Kernel kernel, String object, String program, List<byte[]> packets)
      throws IOException {
    try (BpfObject loaded = kernel.load(ObjectFile.read(EXAMPLES.resolve(object)))) {
      List<String> runs = new ArrayList<>();
      for (byte[] packet : packets) {
        runs.add(run(loaded, program, packet));
      }
      Map<String, List<String>> maps = new LinkedHashMap<>();
      loaded.maps().forEach((name, map) -> maps.put(name, elements(map)));
      return new Outcome(runs, maps);
    }
  }

  private static String run(BpfObject object, String program, byte[] packet) {
    try {
      TestRun.Result result = object.program(program).testRun(TestRun.of(packet));
      return result.returnValue() + " " + HexFormat.of().formatHex(result.data());
    } catch (BpfException e) {
      return e.errno().name();
    }
  }

  /** Values in the order of the keys; of a program array none, ids differ. */
  private static List<String> elements(BpfMap map) {
    List<String> elements = new ArrayList<>();
    if (map.spec().type() == MapType.PROG_ARRAY) {
      return elements;
    }
    for (int key = 0; key < map.spec().maxEntries(); key++) {
      MemorySegment value = Elements.room(map.userValueSize());
      map.lookup(Elements.u32(key), value, 0);
      elements.add(
          map.spec().type() == MapType.PERCPU_ARRAY
              ? sums(value, map.spec().valueSize())
              : HexFormat.of().formatHex(value.toArray(ValueLayout.JAVA_BYTE)));
    }
    return elements;
  }

  /** Which CPU a test run gets is Linux's choice, so counters are compared as sums of words. */
  private static String sums(MemorySegment value, int valueSize) {
    long[] words = value.toArray(ValueLayout.JAVA_LONG_UNALIGNED);
    long[] sums = new long[(valueSize + 7) / 8];
    for (int i = 0; i < words.length; i++) {
      sums[i % sums.length] += words[i];
    }
    return Arrays.toString(sums);
  }

  private static List<byte[]> capture() throws IOException {
    List<byte[]> packets = new ArrayList<>();
    try (CaptureReader reader = CaptureReader.open(EXAMPLES.resolve("captures/mixed.pcap"))) {
      while (reader.next()) {
        packets.add(
            reader
                .memory()
                .asSlice(reader.offset(), reader.capturedLength())
                .toArray(ValueLayout.JAVA_BYTE));
      }
    }
    return packets;
  }
}
