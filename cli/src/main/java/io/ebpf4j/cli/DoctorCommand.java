package io.ebpf4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code ebpf4j doctor}: what this machine can do, and what to do about each no. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = "Say what this machine can do, and what to do about each no.")
final class DoctorCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before the call.
  private CommandSpec command;

  @Option(names = "--json", description = "Print exactly one JSON object.")
  private boolean json;

  @Option(names = "--debug", description = "Print a stack trace with an error.")
  boolean debug;

  @Override
  public Integer call() throws IOException {
    List<Check> checks = new ArrayList<>(JavaChecks.all());
    checks.addAll(new LinuxChecks(Path.of("/")).all());
    PrintWriter out = command.commandLine().getOut();
    if (json) {
      Json.print(out, body -> write(body, checks));
    } else {
      print(out, checks);
    }
    return ExitStatus.DONE;
  }

  private static void print(PrintWriter out, List<Check> checks) {
    TextTable table = new TextTable("what", "", "found");
    for (Check check : checks) {
      table.row(check.name(), check.word(), check.value());
    }
    table.print(out);
    boolean first = true;
    for (Check check : checks) {
      if (check.advice() != null) {
        if (first) {
          out.println();
        }
        first = false;
        out.println(check.name() + ": " + check.advice());
      }
    }
    out.flush();
  }

  private static void write(JsonGenerator json, List<Check> checks) throws IOException {
    json.writeStartObject();
    json.writeArrayFieldStart("checks");
    for (Check check : checks) {
      json.writeStartObject();
      json.writeStringField("name", check.name());
      switch (check.answer()) {
        case YES -> json.writeBooleanField("ok", true);
        case NO -> json.writeBooleanField("ok", false);
        case OPTIONAL -> json.writeNullField("ok");
      }
      json.writeStringField("value", check.value());
      if (check.advice() == null) {
        json.writeNullField("advice");
      } else {
        json.writeStringField("advice", check.advice());
      }
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }
}
