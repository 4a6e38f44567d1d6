package io.ebpf4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.Kernel;
import io.ebpf4j.examples.XdpCount.Counts;
import io.ebpf4j.examples.XdpCount.Traffic;
import io.ebpf4j.jvm.JvmKernel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The numbers are those of Linux 6.18 for the same object, rule and capture. */
class XdpCountTest {
  private static final Path EXAMPLES = Path.of(System.getProperty("ebpf4j.root"), "examples");
  private static final int TCP = 6;
  private static final int NOT_IP = 256;

  @Test
  void countsByProtocolAndFamily() throws IOException {
    Counts counts = count(NOT_IP);
    assertThat(counts.packets()).isEqualTo(379);
    assertThat(counts.protocols())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(0, 12L, 1, 51L, 2, 3L, 6, 145L, 17, 22L, 44, 18L, 58, 32L));
    assertThat(counts.families())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "other", new Traffic(90, 8697),
                "ARP", new Traffic(6, 252),
                "IPv4", new Traffic(155, 91_835),
                "IPv6", new Traffic(128, 70_824)));
  }

  @Test
  void dropsWhatTheRuleNames() throws IOException {
    assertThat(count(NOT_IP).dropped()).isEqualTo(110);
    Counts withoutTcp = count(TCP);
    assertThat(withoutTcp.dropped()).isEqualTo(155);
    assertThat(withoutTcp.droppedByProgram()).isEqualTo(155);
  }

  private static Counts count(int dropProtocol) throws IOException {
    try (Kernel kernel = JvmKernel.create()) {
      return XdpCount.count(
          kernel,
          EXAMPLES.resolve("xdp-count/xdp_count.bpf.o"),
          EXAMPLES.resolve("captures/mixed.pcap"),
          dropProtocol);
    }
  }
}
