package io.ebpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.pcap.CaptureReader;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ForwardCommandTest {
  private static final Path FORWARD = CommandRun.resource("objects/forward.bpf.o");
  private static final Path SKB = CommandRun.resource("objects/skb.bpf.o");
  private static final Path MIXED = CommandRun.root().resolve("examples/captures/mixed.pcap");

  @TempDir private Path folder;

  @Test
  void framesGoFromCaptureToCaptureAndEachIsAccountedFor() throws Exception {
    Path back = folder.resolve("back.pcap");
    Path tcp = folder.resolve("tcp.pcapng");
    JsonValue report =
        CommandRun.of(
                "forward",
                FORWARD,
                "--device",
                "in=capture:" + MIXED + ":" + back,
                "--device",
                "out=capture::" + tcp,
                "--put",
                "ports[0]=@out",
                "--json")
            .json();

    long packets = packets(MIXED).size();
    JsonValue in = report.get("devices").get(0);
    JsonValue out = report.get("devices").get(1);
    assertThat(in.get("name").value()).isEqualTo("in");
    assertThat(number(in, "rx_packets")).isEqualTo(packets);
    assertThat(number(out, "rx_packets")).isZero();
    assertThat(packets(back)).hasSize((int) number(in, "tx_packets")).isNotEmpty();
    assertThat(packets(tcp))
        .hasSize((int) number(out, "tx_packets"))
        .isNotEmpty()
        .allMatch(packet -> packet[23] == 6);
    JsonValue verdicts = report.get("verdicts");
    assertThat(number(verdicts, "XDP_TX")).isEqualTo(number(in, "tx_packets"));
    assertThat(
            number(verdicts, "XDP_TX")
                + number(verdicts, "XDP_PASS")
                + number(verdicts, "XDP_REDIRECT")
                + number(in, "rx_dropped")
                - number(report.get("drops"), "redirect_too_long"))
        .isEqualTo(packets);
    assertThat(number(report.get("drops"), "xdp_drop")).isPositive();
    assertThat(report.get("maps").list()).hasSize(2);
  }

  @Test
  void whatAVethSendsItsPeerReceives() throws Exception {
    JsonValue devices =
        CommandRun.of(
                "forward",
                FORWARD,
                "--device",
                "in=capture:" + MIXED,
                "--device",
                "a=veth:b",
                "--put",
                "ports[0]=@a",
                "--attach",
                "in",
                "--attach",
                "b",
                "--map",
                "ports=1",
                "--seconds",
                "0.3",
                "--json")
            .json()
            .get("devices");

    assertThat(devices.list()).hasSize(3);
    assertThat(number(devices.get(2), "rx_packets"))
        .isPositive()
        .isEqualTo(number(devices.get(1), "tx_packets"));
  }

  @Test
  void peopleGetTablesWithReasons() throws Exception {
    String text = CommandRun.of("forward", FORWARD, "--device", "in=capture:" + MIXED).succeeded();

    assertThat(text)
        .contains("device", "in", "XDP_PASS", "xdp_drop: an XDP program dropped it", "protocols");
  }

  @Test
  void whatIsNoDeviceIsSaid() throws Exception {
    refused("'x' is not NAME=KIND", "--device", "x");
    refused("'disk' is no kind of device", "--device", "x=disk:1");
    refused("not built yet", "--device", "x=linux:lo");
    refused("has that name", "--device", "x=capture:", "--device", "x=capture:");
    refused("there is no device z", "--device", "x=capture:", "--attach", "z");
    refused("there is no device z", "--device", "x=capture:", "--put", "ports[0]=@z");
    assertThat(
            CommandRun.of("forward", FORWARD, "--device", "x=capture:" + folder + "/no").failed(1))
        .contains("does not exist");
    assertThat(
            CommandRun.of(
                    "forward",
                    SKB,
                    "--prog",
                    "classify",
                    "--device",
                    "x=capture:",
                    "--seconds",
                    "0.1")
                .failed(1))
        .contains("forward runs XDP programs");
  }

  private static void refused(String sentence, String... options) throws Exception {
    List<Object> arguments = new ArrayList<>(List.of("forward", FORWARD));
    arguments.addAll(List.of(options));
    assertThat(CommandRun.of(arguments.toArray()).failed(2)).contains(sentence);
  }

  private static long number(JsonValue object, String field) {
    return ((Number) object.get(field).value()).longValue();
  }

  private static List<byte[]> packets(Path capture) throws IOException {
    List<byte[]> packets = new ArrayList<>();
    try (CaptureReader reader = CaptureReader.open(capture)) {
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
