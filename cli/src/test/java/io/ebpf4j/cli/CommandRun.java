package io.ebpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import picocli.CommandLine;

/** A call of the command in this JVM, with what it printed. */
record CommandRun(int status, String out, String err) {
  static CommandRun of(Object... arguments) {
    CommandLine command = Ebpf4j.commandLine();
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    command.setOut(new PrintWriter(out));
    command.setErr(new PrintWriter(err));
    String[] words = new String[arguments.length];
    for (int index = 0; index < words.length; index++) {
      words[index] = arguments[index].toString();
    }
    int status = command.execute(words);
    return new CommandRun(status, out.toString(), err.toString());
  }

  /** Where the checkout lies. */
  static Path root() {
    return Path.of(System.getProperty("ebpf4j.root"));
  }

  /** A file of the tests' resources. */
  static Path resource(String name) {
    return root().resolve("cli/src/test/resources").resolve(name);
  }

  /** Asserts that all went well, and gives what was printed. */
  String succeeded() {
    assertThat(err).isEmpty();
    assertThat(status).isZero();
    return out;
  }

  /** Asserts that one sentence says what is wrong, and gives it. */
  String failed(int expectedStatus) {
    assertThat(status).as(err).isEqualTo(expectedStatus);
    assertThat(out).isEmpty();
    assertThat(err.strip().lines()).as(err).hasSize(1);
    assertThat(err).doesNotContain("\tat ");
    return err.strip();
  }

  /** The one JSON value that was printed. */
  JsonValue json() throws IOException {
    return JsonValue.parse(succeeded());
  }
}
