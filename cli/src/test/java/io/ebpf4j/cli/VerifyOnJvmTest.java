package io.ebpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** {@code verify} and {@code check} on the JVM kernel. */
class VerifyOnJvmTest {
  private static final Path COUNT = CommandRun.root().resolve("examples/xdp-count/xdp_count.bpf.o");
  private static final Path DIFFER = CommandRun.resource("objects/differ.bpf.o");
  private static final Path MISSING = CommandRun.resource("objects/missing.bpf.o");

  @Test
  void theJvmKernelVerifies() throws Exception {
    CommandRun run = CommandRun.of("verify", DIFFER, "--json");

    assertThat(run.status()).isEqualTo(ExitStatus.REFUSED);
    JsonValue programs = JsonValue.parse(run.out()).get("programs");
    assertThat(programs.named("clock").get("accepted").value()).isEqualTo(true);
    assertThat(programs.named("clock").get("kernel").value()).isEqualTo("jvm");
    assertThat(programs.named("clock").has("facts")).isFalse();
    assertThat(programs.named("stray").get("errno").value()).isEqualTo("EACCES");
    assertThat((String) programs.named("stray").get("log").value())
        .contains("R1 offset is outside of the packet");
  }

  @Test
  void factsAreShownForEachInstruction() throws Exception {
    String text =
        CommandRun.of("verify", DIFFER, "--prog", "cpu", "--log", 0, "--facts").succeeded();
    JsonValue facts =
        CommandRun.of("verify", DIFFER, "--prog", "cpu", "--facts", "--json")
            .json()
            .get("programs")
            .get(0)
            .get("facts");

    assertThat(text.lines().map(line -> line.strip().replaceAll(" +", " ")))
        .contains(
            "6 (85) call bpf_map_lookup_elem#1 map times, key 0",
            "7 (15) if r0 == 0x0 goto pc+3 never jumps");
    JsonValue lookup =
        facts.list().stream()
            .filter(one -> one.get("slot").value().equals(6L))
            .findFirst()
            .orElseThrow();
    assertThat(lookup.get("map").value()).isEqualTo("times");
    assertThat(lookup.get("key").value()).isEqualTo(0L);
    assertThat(lookup.get("dead").value()).isEqualTo(false);
  }

  @Test
  void factsNameMapsAsTheObjectDoes() {
    assertThat(CommandRun.of("verify", COUNT, "--log", 0, "--facts").succeeded())
        .contains("map .bss")
        .doesNotContain("xdp_coun");
  }

  @Test
  void factsAreTheJvmKernelsAlone() {
    assertThat(CommandRun.of("verify", COUNT, "--on", "linux", "--facts").failed(ExitStatus.USAGE))
        .contains("--facts is for the JVM kernel");
  }

  @Test
  void anObjectThatLoadsIsChecked() throws Exception {
    JsonValue report = CommandRun.of("check", COUNT, "--json").json();

    assertThat(report.get("ok").value()).isEqualTo(true);
    assertThat(report.get("parts").list().stream().map(part -> part.get("name").value()))
        .containsExactly("families", "cnt", ".rodata", ".data", ".bss", "count");
    assertThat(report.get("parts").named("count").get("kind").value()).isEqualTo("program");
  }

  @Test
  void whatIsMissingIsNamed() {
    CommandRun run = CommandRun.of("check", DIFFER);

    assertThat(run.status()).isEqualTo(ExitStatus.REFUSED);
    assertThat(run.err()).isEmpty();
    assertThat(run.out()).contains("program stray on jvm: ", "R1 offset is outside of the packet");
    assertThat(CommandRun.of("check", MISSING).out())
        .contains("map peers on jvm: ", "program look on jvm: it needs peers");
  }
}
