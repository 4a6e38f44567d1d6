package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.TestRun;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.object.Variable;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/** One source as every compiler writes it, each with another CPU version and optimisation. */
class CompilersTwinTest {
  private static final List<String> COMPILERS =
      List.of("clang13", "clang14", "clang15", "clang16", "clang19", "clang22", "gcc12");

  @TwinTest
  void everyCompilersObjectDoesTheSame(Kernel kernel) throws IOException {
    for (String compiler : COMPILERS) {
      assertThat(outcome(kernel, compiler))
          .as(compiler)
          .containsExactly(
              "0 77 117 629 381",
              "runs 404, sum 10376",
              "0000000000000000",
              "a7de5f609efff300",
              "0000000000000000",
              "d3ba1027c8ff7800");
    }
  }

  private static List<String> outcome(Kernel kernel, String compiler) throws IOException {
    ObjectFile file = read(compiler);
    try (BpfObject object = kernel.load(file)) {
      StringBuilder verdicts = new StringBuilder();
      for (int seed = 0; seed < 5; seed++) {
        byte[] packet = new byte[seed == 0 ? 20 : 64];
        for (int i = 0; i < packet.length; i++) {
          packet[i] = (byte) (seed * i * 37 + (i >> 2));
        }
        verdicts.append(object.program("before").testRun(TestRun.of(packet)).returnValue() + " ");
      }
      List<String> outcome = new ArrayList<>(List.of(verdicts.toString().strip()));
      outcome.add(
          "runs %d, sum %d"
              .formatted(
                  global(object, file, "runs").get(ValueLayout.JAVA_INT_UNALIGNED, 0),
                  global(object, file, "sum").get(ValueLayout.JAVA_LONG_UNALIGNED, 0)));
      BpfMap readings = object.map("readings");
      for (int key = 0; key < readings.spec().maxEntries(); key++) {
        MemorySegment reading = Elements.room(readings.userValueSize());
        readings.lookup(Elements.u32(key), reading, 0);
        outcome.add(HexFormat.of().formatHex(reading.toArray(ValueLayout.JAVA_BYTE)));
      }
      return outcome;
    }
  }

  private static MemorySegment global(BpfObject object, ObjectFile file, String name) {
    Variable place = file.variable(name);
    BpfMap section = object.map(place.section());
    MemorySegment value = Elements.room(section.userValueSize());
    section.lookup(Elements.u32(0), value, 0);
    return value.asSlice(place.offset(), place.size());
  }

  private static ObjectFile read(String compiler) throws IOException {
    String resource = "/compilers/" + compiler + ".bpf.o";
    try (InputStream in = CompilersTwinTest.class.getResourceAsStream(resource)) {
      return ObjectFile.parse("compilers.bpf.o", Objects.requireNonNull(in).readAllBytes());
    }
  }
}
