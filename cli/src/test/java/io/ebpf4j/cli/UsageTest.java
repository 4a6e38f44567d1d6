package io.ebpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What is wrong is said in one sentence, with the status that tells usage from refusal. */
class UsageTest {
  private static final Path OPTIONS = CommandRun.resource("objects/options.bpf.o");
  private static final String PACKET = "00".repeat(16);

  @TempDir Path directory;

  @Test
  void unknownCommandsAreNamed() {
    assertThat(CommandRun.of("fly").failed(ExitStatus.USAGE)).contains("no command 'fly'");
  }

  @Test
  void withoutACommandTheHelpIsPrinted() {
    CommandRun run = CommandRun.of();

    assertThat(run.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(run.err()).contains("Usage: ebpf4j", "run", "inspect", "disasm");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "run",
        "inspect",
        "verify",
        "disasm",
        "bench",
        "check",
        "doctor",
        "conformance-plugin"
      })
  void everyLevelHasHelp(String name) {
    String out =
        (name.isEmpty() ? CommandRun.of("--help") : CommandRun.of(name, "--help")).succeeded();

    assertThat(out).startsWith("Usage: ebpf4j").doesNotContain("  conformance-plugin");
  }

  @Test
  void completionNamesTheOptions() {
    assertThat(CommandRun.of("generate-completion").succeeded()).contains("--pcap", "complete");
  }

  @Test
  void anUnknownKernelIsUsage() {
    assertThat(run("--packet", PACKET, "--on", "mars").failed(ExitStatus.USAGE))
        .contains("--on takes jvm, linux or both, not 'mars'");
  }

  @Test
  void aRunNeedsInput() {
    assertThat(run().failed(ExitStatus.USAGE)).contains("--pcap FILE or --packet HEX");
  }

  @Test
  void numbersOutOfRangeAreUsage() {
    assertThat(run("--packet", PACKET, "--cpus", 0).failed(ExitStatus.USAGE))
        .contains("--cpus takes 1 to 8192, not 0");
    assertThat(run("--packet", PACKET, "--repeat", 0).failed(ExitStatus.USAGE))
        .contains("--repeat takes a number of at least 1");
    assertThat(run("--packet", PACKET, "--repeat", "x").failed(ExitStatus.USAGE))
        .contains("--repeat takes a whole number, at most 2147483647, not 'x'");
    assertThat(run("--packet", PACKET, "--seed", "1.5").failed(ExitStatus.USAGE))
        .contains("--seed takes a whole number, at most 9223372036854775807, not '1.5'");
    assertThat(run("--packet", "0").failed(ExitStatus.USAGE)).contains("odd number of digits");
    assertThat(run("--packet", "zz").failed(ExitStatus.USAGE)).contains("'zz' is no sequence");
  }

  @Test
  void aProgramMustBeChosenWhereThereAreSeveral() {
    assertThat(CommandRun.of("run", OPTIONS, "--packet", PACKET).failed(ExitStatus.USAGE))
        .contains("choose one with --prog: decide, talk, stray");
    assertThat(
            CommandRun.of("run", OPTIONS, "--packet", PACKET, "--prog", "none")
                .failed(ExitStatus.USAGE))
        .contains("has no program none; it has decide, talk, stray");
  }

  @Test
  void namesThatTheObjectDoesNotHaveAreNamed() {
    assertThat(run("--packet", PACKET, "--set", "none=1").failed(ExitStatus.USAGE))
        .contains("--set none=1", "has no global variable none; it has verdict");
    assertThat(run("--packet", PACKET, "--map", "none=1").failed(ExitStatus.USAGE))
        .contains("has no map none");
    assertThat(run("--packet", PACKET, "--put", "none[0]=1").failed(ExitStatus.USAGE))
        .contains("has no map none");
  }

  @Test
  void malformedAssignmentsShowTheForm() {
    assertThat(run("--packet", PACKET, "--set", "verdict").failed(ExitStatus.USAGE))
        .contains("'verdict' is not of the form VARIABLE=VALUE");
    assertThat(run("--packet", PACKET, "--map", "settings=").failed(ExitStatus.USAGE))
        .contains("NAME=ENTRIES");
    assertThat(run("--packet", PACKET, "--put", "settings=1").failed(ExitStatus.USAGE))
        .contains("MAP[KEY]=VALUE");
    assertThat(run("--packet", PACKET, "--map", "settings=4294967296").failed(ExitStatus.USAGE))
        .contains("0 to 4294967295");
  }

  @Test
  void valuesThatDoNotFitAreUsage() {
    assertThat(run("--packet", PACKET, "--set", "first_byte=256").failed(ExitStatus.USAGE))
        .contains("256");
    assertThat(run("--packet", PACKET, "--set", "first_byte=hex:0102").failed(ExitStatus.USAGE))
        .contains("2 bytes are given, and 1 byte is needed");
    assertThat(run("--packet", PACKET, "--put", "untyped[0]=0x1000000").failed(ExitStatus.USAGE))
        .contains("does not fit 3 bytes");
    assertThat(
            run("--packet", PACKET, "--put", "settings[0]={\"nope\":1}").failed(ExitStatus.USAGE))
        .contains("nope");
    assertThat(run("--packet", PACKET, "--set", "first_byte=1.5").failed(ExitStatus.USAGE))
        .contains("takes a whole number, and not 1.5");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"limit\":1 | column 11: a comma or } is missing",
        "{\"limit\" 1} | column 10: a colon is expected, and not '1'",
        "{\"limit\":1,} | column 12: a member's name in quotes is expected, and not '}'",
        "{\"limit\":null} | column 10: null is no value of a C type",
        "{\"limit\":1}} | column 12: the end is expected, and not '}'",
        "{\"limit\":1,\"limit\":2} | column 12: the member \"limit\" stands there again",
        "{\"label\":\"x} | column 13: a closing quote is missing",
        "{\"limit\":1e} | column 10: '1e' is no",
      })
  void brokenJsonIsShownWithItsColumn(String json, String message) {
    assertThat(run("--packet", PACKET, "--put", "settings[0]=" + json).failed(ExitStatus.USAGE))
        .contains(message)
        .doesNotContain("Source", "token");
  }

  @Test
  void anEmptyPacketIsUsage() {
    assertThat(run("--packet", "").failed(ExitStatus.USAGE)).contains("at least one byte");
  }

  @Test
  void debugShowsTheStackTraceOfUsageErrorsToo() {
    assertThat(run("--packet", "zz", "--debug").err()).contains("'zz' is no", "\tat ");
    assertThat(run("--nope", "--debug").err()).contains("--nope", "\tat ");
  }

  @Test
  void commandsThatOnlyReadTakeNoKernel() {
    assertThat(CommandRun.of("inspect", OPTIONS, "--on", "linux").failed(ExitStatus.USAGE))
        .contains("inspect only reads the object");
    assertThat(CommandRun.of("disasm", OPTIONS, "--on", "both").failed(ExitStatus.USAGE))
        .contains("disasm only reads the object");
  }

  @Test
  void whatLinuxCannotDoIsUsage() {
    assertThat(run("--packet", PACKET, "--on", "linux", "--seed", 1).failed(ExitStatus.USAGE))
        .contains("nobody can choose Linux's random numbers");
    assertThat(run("--packet", PACKET, "--on", "both", "--cpus", 1).failed(ExitStatus.USAGE))
        .contains("Linux has the CPUs that the machine has");
    assertThat(run("--packet", PACKET, "--on", "linux", "--interpret").failed(ExitStatus.USAGE))
        .contains("--interpret is for the JVM kernel");
    assertThat(run("--packet", PACKET, "--on", "linux", "--trace").failed(ExitStatus.USAGE))
        .contains("/sys/kernel/tracing/trace_pipe");
  }

  @Test
  void aReaderWhoHasGoneIsNoError() {
    OutputStream pipe =
        new OutputStream() {
          @Override
          public void write(int one) throws IOException {
            throw new IOException("Broken pipe");
          }
        };
    StringWriter err = new StringWriter();
    CommandLine command = Ebpf4j.commandLine();
    command
        .setOut(new PrintWriter(new StandardOutput(pipe), true, StandardCharsets.UTF_8))
        .setErr(new PrintWriter(err));

    assertThat(command.execute("disasm", OPTIONS.toString())).isEqualTo(ExitStatus.CLOSED_PIPE);
    assertThat(command.execute("run", "--help")).isEqualTo(ExitStatus.CLOSED_PIPE);
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void whatTheKernelRefusesIsARefusal() {
    assertThat(
            run("--packet", PACKET, "--put", "settings[9]=hex:" + "00".repeat(24))
                .failed(ExitStatus.REFUSED))
        .contains("--put settings[9]", "E2BIG");
    assertThat(run("--packet", PACKET, "--map", "settings=0").failed(ExitStatus.REFUSED))
        .contains("settings", "EINVAL");
  }

  @Test
  void filesThatCannotBeReadAreRefused() throws Exception {
    Path text = Files.writeString(directory.resolve("x.txt"), "this is neither an object");

    assertThat(CommandRun.of("run", text, "--packet", PACKET).failed(ExitStatus.REFUSED))
        .contains("x.txt");
    assertThat(CommandRun.of("inspect", text).failed(ExitStatus.REFUSED)).contains("x.txt");
    assertThat(CommandRun.of("disasm", directory).failed(ExitStatus.REFUSED))
        .contains(directory.toString());
    assertThat(run("--pcap", text).failed(ExitStatus.REFUSED))
        .contains("x.txt, byte 0: the file begins with 74686973");
    assertThat(run("--pcap", directory.resolve("none.pcap")).failed(ExitStatus.REFUSED))
        .contains("none.pcap does not exist");
  }

  @Test
  void outputsThatCannotBeWrittenAreRefused() throws Exception {
    Path capture = CommandRun.root().resolve("examples/captures/mixed.pcap");

    assertThat(
            run("--pcap", capture, "--write", directory.resolve("none/x.pcap"))
                .failed(ExitStatus.REFUSED))
        .contains("its directory does not exist");
    assertThat(run("--pcap", capture, "--write", capture).failed(ExitStatus.USAGE))
        .contains("would overwrite its own input");
    assertThat(run("--pcap", capture, "--write", "-").failed(ExitStatus.USAGE))
        .contains("--write takes a file");
    assertThat(run("--pcap", capture, "--write", "{device}.pcap").failed(ExitStatus.USAGE))
        .contains("{device} is not built yet");
  }

  @Test
  void anOutputThatIsFullIsNoSuccess() {
    Writer full =
        new Writer() {
          @Override
          public void write(char[] characters, int offset, int length) throws IOException {
            throw new IOException("No space left on device");
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    StringWriter err = new StringWriter();
    CommandLine command = Ebpf4j.commandLine();
    command.setOut(new PrintWriter(full)).setErr(new PrintWriter(err));

    assertThat(command.execute("disasm", OPTIONS.toString())).isEqualTo(ExitStatus.REFUSED);
    assertThat(err.toString()).contains("standard output could not be written to its end");
  }

  private static CommandRun run(Object... more) {
    Object[] arguments = new Object[more.length + 4];
    arguments[0] = "run";
    arguments[1] = OPTIONS;
    arguments[2] = "--prog";
    arguments[3] = "decide";
    System.arraycopy(more, 0, arguments, 4, more.length);
    return CommandRun.of(arguments);
  }
}
