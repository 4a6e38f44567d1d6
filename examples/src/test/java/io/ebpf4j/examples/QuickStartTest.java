package io.ebpf4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfObject;
import io.ebpf4j.Codec;
import io.ebpf4j.Kernel;
import io.ebpf4j.TestRun;
import io.ebpf4j.TypedMap;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.object.ObjectFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The README's Java, word for word, does what the README says. */
class QuickStartTest {
  private static final Path ROOT = Path.of(System.getProperty("ebpf4j.root"));

  @Test
  void theQuickStartDropsWhatItWasToldTo() throws IOException {
    Path xdpCount = ROOT.resolve("examples/xdp-count/xdp_count.bpf.o");
    // README begins
    ObjectFile file = ObjectFile.read(xdpCount);
    file.set("drop_protocol", 17); // a const volatile variable of the program: drop UDP

    try (Kernel kernel = JvmKernel.create();
        BpfObject object = kernel.load(file)) {
      byte[] udp =
          HexFormat.of()
              .parseHex("00".repeat(12) + "0800" + "45" + "00".repeat(8) + "11" + "00".repeat(40));
      TestRun.Result result = object.program("count").testRun(TestRun.of(udp));
      assertThat(result.returnValue()).isEqualTo(1); // XDP_DROP

      TypedMap<Integer, Long> counts = TypedMap.of(object.map("cnt"), Codec.int32(), Codec.int64());
      assertThat(counts.get(17)).contains(1L); // one packet of IP protocol 17
    }
    // README ends
  }

  @Test
  void theReadmeShowsTheCodeThatWasRun() throws IOException {
    String source =
        Files.readString(
            ROOT.resolve("examples/src/test/java/io/ebpf4j/examples/QuickStartTest.java"));
    String body =
        source.substring(
            source.indexOf("// README begins\n") + "// README begins\n".length(),
            source.indexOf("    // README ends"));
    String code =
        body.lines()
            .map(line -> line.isBlank() ? "" : line.substring(4))
            .collect(Collectors.joining("\n"));
    assertThat(Files.readString(ROOT.resolve("README.md"))).contains("```java\n" + code + "\n```");
  }
}
