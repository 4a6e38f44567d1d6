package io.ebpf4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.Kernel;
import io.ebpf4j.examples.XdpParse.Outcome;
import io.ebpf4j.examples.XdpParse.Routed;
import io.ebpf4j.jvm.JvmKernel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The numbers are those of Linux 6.18 for the same object and capture. */
class XdpParseTest {
  private static final Path EXAMPLES = Path.of(System.getProperty("ebpf4j.root"), "examples");
  private static final int FIRST_VLAN_TYPE_BYTE = 12;

  @Test
  void routesAsLinuxDoes() throws IOException {
    Routed routed = route();
    assertThat(routed.outcomes())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                Outcome.FORWARDED, 310L,
                Outcome.ANSWERED, 24L,
                Outcome.NOT_IP, 15L,
                Outcome.TOO_SHORT, 0L,
                Outcome.BAD_CHECKSUM, 0L,
                Outcome.EXPIRED, 30L,
                Outcome.NO_STAGE, 0L));
    assertThat(routed.passed()).hasSize(325);
    assertThat(routed.answers()).hasSize(24);
  }

  @Test
  void noTagIsLeftInFrontOfAnIpPacket() throws IOException {
    assertThat(route().passed())
        .noneMatch(packet -> packet[FIRST_VLAN_TYPE_BYTE] == (byte) 0x81 && packet[16] == 0x08)
        .noneMatch(packet -> packet[FIRST_VLAN_TYPE_BYTE] == (byte) 0x88);
  }

  @Test
  void answersGoBackToTheSender() throws IOException {
    assertThat(route().answers())
        .allSatisfy(answer -> {
          assertThat(answer[34]).as("ICMP type").isZero();
          assertThat(headerSum(answer)).isEqualTo(0xffff);
        });
  }

  private static int headerSum(byte[] packet) {
    int sum = 0;
    for (int at = 14; at < 34; at += 2) {
      sum += (packet[at] & 0xff) << 8 | packet[at + 1] & 0xff;
    }
    return (sum & 0xffff) + (sum >>> 16);
  }

  private static Routed route() throws IOException {
    try (Kernel kernel = JvmKernel.create()) {
      return XdpParse.route(
          kernel,
          EXAMPLES.resolve("xdp-parse/xdp_parse.bpf.o"),
          EXAMPLES.resolve("captures/mixed.pcap"));
    }
  }
}
