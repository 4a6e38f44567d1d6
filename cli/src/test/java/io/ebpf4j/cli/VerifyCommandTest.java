package io.ebpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** {@code verify} on Linux and on both kernels. */
@ExtendWith(LinuxRequired.class)
class VerifyCommandTest {
  private static final Path PARSE = CommandRun.root().resolve("examples/xdp-parse/xdp_parse.bpf.o");
  private static final Path DIFFER = CommandRun.resource("objects/differ.bpf.o");

  @Test
  void everyProgramHasItsVerdict() throws Exception {
    CommandRun run = CommandRun.of("verify", DIFFER, "--on", "linux", "--json");

    assertThat(run.status()).isEqualTo(ExitStatus.REFUSED);
    JsonValue programs = JsonValue.parse(run.out()).get("programs");
    assertThat(programs.list().stream().map(each -> each.get("name").value()))
        .containsExactly("clock", "cpu", "stray", "twice");
    JsonValue accepted = programs.named("cpu");
    assertThat(accepted.get("accepted").value()).isEqualTo(true);
    assertThat(accepted.get("kernel").value()).isEqualTo("linux");
    assertThat(accepted.get("type").value()).isEqualTo("xdp");
    assertThat(accepted.get("errno").value()).isSameAs(JsonValue.NULL);
    assertThat((Long) accepted.get("processed").value()).isPositive();
    assertThat((String) accepted.get("log").value()).startsWith("processed ");
    JsonValue refused = programs.named("stray");
    assertThat(refused.get("accepted").value()).isEqualTo(false);
    assertThat(refused.get("errno").value()).isEqualTo("EACCES");
    assertThat(refused.get("processed").value()).isEqualTo(2L);
    assertThat((String) refused.get("log").value())
        .contains("; return data[2000]; @ differ.bpf.c:")
        .contains("R1 offset is outside of the packet");
  }

  @Test
  void textHasTheLogUnderTheVerdict() {
    CommandRun run = CommandRun.of("verify", DIFFER, "--prog", "stray", "--on", "linux");

    assertThat(run.status()).isEqualTo(ExitStatus.REFUSED);
    assertThat(run.err()).isEmpty();
    assertThat(run.out())
        .startsWith("stray: xdp, 3 instructions, refused by linux: ")
        .contains("(EACCES)\n0: R1=ctx() R10=fp0\n");
  }

  @Test
  void theLevelOfTheLogIsChosen() {
    String none = CommandRun.of("verify", PARSE, "--on", "linux", "--log", 0).succeeded();
    String last = CommandRun.of("verify", PARSE, "--on", "linux").succeeded();
    String all = CommandRun.of("verify", PARSE, "--on", "linux", "--log", 2).succeeded();

    assertThat(none).contains("parse: xdp, ", "accepted by linux\nprocessed ");
    assertThat(none.length()).isLessThan(last.length());
    assertThat(last.length()).isLessThan(all.length());
    assertThat(all).contains("; ", "R1=ctx() R10=fp0");
    assertThat(CommandRun.of("verify", PARSE, "--log", 3).failed(ExitStatus.USAGE))
        .contains("--log takes 0, 1 or 2, not 3");
  }

  @Test
  void bothKernelsSayTheSameOfTheExamples() throws Exception {
    JsonValue report = CommandRun.of("verify", PARSE, "--on", "both", "--log", 0, "--json").json();

    assertThat(report.get("differences").list()).isEmpty();
    assertThat(report.get("programs").list().stream().map(one -> one.get("kernel").value()))
        .containsExactly("jvm", "linux", "jvm", "linux", "jvm", "linux", "jvm", "linux");
    assertThat(report.get("programs").get(0).get("processed").value())
        .isEqualTo(report.get("programs").get(1).get("processed").value());
  }

  @Test
  void whereVerdictsPartItIsSaid() {
    // A program type that the JVM kernel does not have.
    Path object = CommandRun.root().resolve("core/src/test/resources/object/core.bpf.o");
    CommandRun run = CommandRun.of("verify", object, "--prog", "loads", "--on", "both");

    assertThat(run.status()).isEqualTo(ExitStatus.DIFFERENT);
    assertThat(run.out())
        .contains("refused by jvm: ", "accepted by linux", "the kernels differ about this program");
  }

  @Test
  void oneProgramMayBeChosen() {
    assertThat(
            CommandRun.of("verify", DIFFER, "--prog", "twice", "--on", "linux", "--log", 0)
                .succeeded())
        .startsWith("twice: syscall, ")
        .doesNotContain("clock");
    assertThat(CommandRun.of("verify", DIFFER, "--prog", "none").failed(ExitStatus.USAGE))
        .contains("has no program none; it has clock, cpu, stray, twice");
  }
}
