package io.ebpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** {@code run --on linux} and {@code --on both}. */
@ExtendWith(LinuxRequired.class)
class OnLinuxTest {
  private static final Path COUNT = CommandRun.root().resolve("examples/xdp-count/xdp_count.bpf.o");
  private static final Path PARSE = CommandRun.root().resolve("examples/xdp-parse/xdp_parse.bpf.o");
  private static final Path MIXED = CommandRun.root().resolve("examples/captures/mixed.pcap");
  private static final Path DIFFER = CommandRun.resource("objects/differ.bpf.o");
  private static final Path OPTIONS = CommandRun.resource("objects/options.bpf.o");
  private static final Path SKB = CommandRun.resource("objects/skb.bpf.o");
  private static final String PACKET = "00".repeat(60);

  @TempDir Path directory;

  @Test
  void linuxRunsTheObject() throws Exception {
    JsonValue report =
        CommandRun.of("run", COUNT, "--pcap", MIXED, "--on", "linux", "--json").json();

    JsonValue run = report.get("runs").get(0);
    assertThat(report.get("runs").list()).hasSize(1);
    assertThat(run.get("kernel").value()).isEqualTo("linux");
    assertThat(run.get("verdicts").value()).isEqualTo(Map.of("XDP_DROP", 110L, "XDP_PASS", 269L));
    assertThat(report.get("differences").list()).isEmpty();
    assertThat(run.get("maps").list().stream().map(map -> map.get("name").value()))
        .containsExactly("families", "cnt", ".rodata", ".data", ".bss");
  }

  @Test
  void theExamplesAreAlikeOnBoth() throws Exception {
    for (String[] each :
        new String[][] {{COUNT.toString(), "count"}, {PARSE.toString(), "parse"}}) {
      JsonValue report =
          CommandRun.of(
                  "run", each[0], "--prog", each[1], "--pcap", MIXED, "--on", "both", "--json")
              .json();

      assertThat(report.get("differences").list()).isEmpty();
      assertThat(report.get("runs").list().stream().map(run -> run.get("kernel").value()))
          .containsExactly("jvm", "linux");
      assertThat(report.get("runs").get(0).get("verdicts").value())
          .isEqualTo(report.get("runs").get(1).get("verdicts").value());
    }
  }

  @Test
  void noDifferenceIsSaid() {
    assertThat(
            CommandRun.of("run", DIFFER, "--prog", "cpu", "--packet", PACKET, "--on", "both")
                .succeeded())
        .contains("run by compiled code", "run by Linux ")
        .endsWith("no difference between jvm and linux\n");
  }

  @Test
  void perCpuValuesAreOnTheSameCpu() throws Exception {
    JsonValue report =
        CommandRun.of(
                "run",
                DIFFER,
                "--prog",
                "cpu",
                "--packet",
                PACKET,
                "--repeat",
                50,
                "--on",
                "both",
                "--json")
            .json();

    assertThat(report.get("runs").get(1).get("verdicts").value())
        .isEqualTo(Map.of("XDP_ABORTED", 50L));
    assertThat(
            report
                .get("runs")
                .get(1)
                .get("maps")
                .get(0)
                .get("elements")
                .get(0)
                .get("formatted")
                .get("values")
                .get(0)
                .get("value")
                .value())
        .isEqualTo(50L);
  }

  @Test
  void differencesAreListedWithTheStatusOfTheirOwn() throws Exception {
    CommandRun run =
        CommandRun.of(
            "run", DIFFER, "--prog", "clock", "--packet", PACKET, "--on", "both", "--json");

    assertThat(run.status()).isEqualTo(ExitStatus.DIFFERENT);
    JsonValue report = JsonValue.parse(run.out());
    assertThat(report.get("differences").list().stream().map(one -> one.get("what").value()))
        .containsExactly("verdict", "bytes", "element", "element");
    assertThat((Long) report.get("differences").get(1).get("offset").value()).isBetween(6L, 9L);
    assertThat(report.get("differences").get(2).get("map").value()).isEqualTo("times");
    assertThat(report.get("differences").get(2).get("cpu").value()).isEqualTo(0L);
    assertThat(report.get("differences").get(3).get("map").value()).isEqualTo(".bss");
    assertThat(report.get("differences").get(3).get("variable").value()).isEqualTo("seen");
    assertThat(report.get("differences_count").value()).isEqualTo(4L);
    assertThat(report.get("differences_suspects").get(0).value()).isEqualTo("bpf_ktime_get_ns");
  }

  @Test
  void theFirstDifferencesAreToldInWords() {
    CommandRun run =
        CommandRun.of(
            "run", DIFFER, "--prog", "clock", "--packet", PACKET, "--repeat", 9, "--on", "both");

    assertThat(run.status()).isEqualTo(ExitStatus.DIFFERENT);
    assertThat(run.out())
        .contains("20 differences:", "packet 1, verdict: jvm ", "packet 1, bytes: from byte ")
        .contains("and 10 more: --json lists them")
        .contains("the programs call bpf_ktime_get_ns, which tell another thing");
  }

  @Test
  void whatOneKernelRefusesToLoadIsADifference() throws Exception {
    CommandRun run =
        CommandRun.of(
            "run",
            DIFFER,
            "--prog",
            "stray",
            "--packet",
            PACKET,
            "--on",
            "both",
            "--json",
            "--interpret");

    assertThat(run.status()).isEqualTo(ExitStatus.DIFFERENT);
    JsonValue difference = JsonValue.parse(run.out()).get("differences").get(0);
    assertThat(difference.get("what").value()).isEqualTo("load");
    assertThat(difference.get("jvm").value()).isEqualTo("loaded");
    assertThat((String) difference.get("linux").value())
        .contains("R1 offset is outside of the packet", "EACCES");
  }

  @Test
  void aRefusedLoadOnLinuxShowsTheLog() {
    CommandRun run =
        CommandRun.of("run", DIFFER, "--prog", "stray", "--packet", PACKET, "--on", "linux");

    assertThat(run.status()).isEqualTo(ExitStatus.REFUSED);
    assertThat(run.err()).startsWith("ebpf4j: Linux refused to load program 'stray'");
    assertThat(run.err()).contains("\nprocessed ");
    assertThat(run.out()).isEmpty();
  }

  @Test
  void refusalsOfTheTestRunAreCompared() throws Exception {
    JsonValue report =
        CommandRun.of("run", COUNT, "--packet", "00", "--packet", PACKET, "--on", "both", "--json")
            .json();

    assertThat(report.get("runs").get(0).get("refused").value()).isEqualTo(Map.of("EINVAL", 1L));
    assertThat(report.get("runs").get(1).get("refused").value()).isEqualTo(Map.of("EINVAL", 1L));
  }

  @Test
  void optionsHoldOnBoth() {
    String out =
        CommandRun.of(
                "run",
                OPTIONS,
                "--prog",
                "decide",
                "--packet",
                PACKET,
                "--on",
                "both",
                "--set",
                "verdict=1",
                "--put",
                "settings[1]={\"limit\":10}",
                "--map",
                "settings=9")
            .succeeded();

    assertThat(out)
        .contains("XDP_DROP", "map settings (array, 9 elements", "{limit = 17")
        .contains("no difference");
  }

  @Test
  void typesWithSocketBuffersAndContextsAreAlike() {
    for (String program : new String[] {"classify", "keep"}) {
      assertThat(
              CommandRun.of("run", SKB, "--prog", program, "--pcap", MIXED, "--on", "both")
                  .succeeded())
          .contains("no difference");
    }
    assertThat(
            CommandRun.of(
                    "run",
                    DIFFER,
                    "--prog",
                    "twice",
                    "--packet",
                    "0300000000000000",
                    "--on",
                    "both")
                .succeeded())
        .contains("no difference");
  }

  @Test
  void packetsAreWrittenFromLinuxToo() throws Exception {
    Path onJvm = directory.resolve("jvm.pcap");
    Path onLinux = directory.resolve("linux.pcap");
    CommandRun.of("run", SKB, "--prog", "keep", "--pcap", MIXED, "--write", onJvm).succeeded();
    CommandRun.of(
            "run", SKB, "--prog", "keep", "--pcap", MIXED, "--write", onLinux, "--on", "linux")
        .succeeded();

    assertThat(onLinux).hasSameBinaryContentAs(onJvm);
    assertThat(Files.size(onLinux)).isGreaterThan(1000);
  }
}
