package io.ebpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

class BenchCommandTest {
  private static final Path SPEED = CommandRun.root().resolve("bench/src/main/bpf/speed.bpf.o");
  private static final Path COUNT = CommandRun.root().resolve("examples/xdp-count/xdp_count.bpf.o");
  private static final Path MIXED = CommandRun.root().resolve("examples/captures/mixed.pcap");
  private static final Path SKB = CommandRun.resource("objects/skb.bpf.o");
  private static final Path ELEMENTS =
      CommandRun.root().resolve("conformance/src/test/resources/elements.bpf.o");

  @Test
  void aProgramIsTimedCompiledAndAllocatesNothing() throws Exception {
    JsonValue report =
        CommandRun.of("bench", SPEED, "--prog", "count_per_cpu", "--seconds", "0.2", "--json")
            .json();

    assertThat(report.get("object").value()).isEqualTo(SPEED.toString());
    assertThat(report.get("results").list()).hasSize(1);
    JsonValue result = report.get("results").get(0);
    assertThat(result.get("program").value()).isEqualTo("count_per_cpu");
    assertThat(result.get("kernel").value()).isEqualTo("jvm");
    assertThat(result.get("mode").value()).isEqualTo("compiled");
    assertThat(number(result, "ns_per_run")).isPositive();
    assertThat(number(result, "runs")).isGreaterThan(1000);
    assertThat(result.get("bytes_allocated_per_run").value()).isEqualTo(0L);
  }

  @Test
  void noProgramAllocatesWhereItRuns() throws Exception {
    assertThat(
            CommandRun.of("bench", SPEED, "--seconds", "0.05", "--json")
                .json()
                .get("results")
                .list())
        .hasSizeGreaterThan(10)
        .allSatisfy(
            result -> assertThat(result.get("bytes_allocated_per_run").value()).isEqualTo(0L));
  }

  @Test
  void theInterpreterIsTimedWhereItIsAskedFor() throws Exception {
    JsonValue result =
        CommandRun.of(
                "bench", SPEED, "--prog", "empty", "--seconds", "0.1", "--interpret", "--json")
            .json()
            .get("results")
            .get(0);

    assertThat(result.get("mode").value()).isEqualTo("interpreted");
  }

  @Test
  void withoutANameEveryProgramIsTimed() {
    assertThat(CommandRun.of("bench", SKB, "--seconds", "0.05").succeeded())
        .contains("classify", "keep", "test run with repeat")
        .containsPattern("add +jvm .*test runs in a loop, timed by run-time statistics");
  }

  @Test
  void theFirstPacketOfACaptureIsTheInput() {
    assertThat(CommandRun.of("bench", COUNT, "--pcap", MIXED, "--seconds", "0.05").succeeded())
        .contains("count");
  }

  @Test
  @ExtendWith(LinuxRequired.class)
  void bothKernelsAreTimedByTurns() throws Exception {
    List<JsonValue> results =
        CommandRun.of("bench", SKB, "--on", "both", "--seconds", "0.1", "--json")
            .json()
            .get("results")
            .list();

    assertThat(results.stream().map(result -> result.get("kernel").value()))
        .containsExactly("jvm", "linux", "jvm", "linux", "jvm", "linux");
    assertThat(results)
        .allSatisfy(result -> {
          assertThat(number(result, "ns_per_run")).isPositive();
          assertThat(number(result, "runs")).isPositive();
        });
    assertThat(results.get(1).has("mode")).isFalse();
    assertThat(results.get(1).has("bytes_allocated_per_run")).isFalse();
  }

  @Test
  @ExtendWith(LinuxRequired.class)
  void iteratorsAreTimedByStatistics() {
    assertThat(
            CommandRun.of("bench", ELEMENTS, "--prog", "print", "--on", "both", "--seconds", "0.1")
                .succeeded())
        .contains("iterations over a map, timed by run-time statistics");
  }

  @Test
  void whatCannotRunIsToldWithTheReason() {
    CommandRun run = CommandRun.of("bench", COUNT, "--packet", "00", "--seconds", "0.05", "--json");

    assertThat(run.status()).isEqualTo(ExitStatus.REFUSED);
    assertThat(run.out())
        .contains("\"ns_per_run\":null", "shorter than an Ethernet header", "EINVAL");
  }

  @Test
  void wrongUsageIsSaid() {
    assertThat(CommandRun.of("bench", SPEED, "--seconds", "0").failed(ExitStatus.USAGE))
        .contains("--seconds takes more than 0");
    assertThat(
            CommandRun.of("bench", SPEED, "--pcap", MIXED, "--packet", "00")
                .failed(ExitStatus.USAGE))
        .contains("one input");
    assertThat(CommandRun.of("bench", SPEED, "--prog", "none").failed(ExitStatus.USAGE))
        .contains("has no program none");
  }

  private static double number(JsonValue object, String name) {
    return new BigDecimal(String.valueOf(object.get(name).value())).doubleValue();
  }
}
