package io.ebpf4j.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options of every command that reads an object. */
final class CommonOptions {
  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // picocli sets it before anything is parsed.
  private CommandSpec command;

  @Option(names = "--json", description = "Print exactly one JSON object.")
  boolean json;

  @Option(
      names = "--quiet",
      description = "Print neither progress nor remarks, only what was asked for.")
  boolean quiet;

  @Option(names = "--debug", description = "Print a stack trace with an error.")
  boolean debug;

  @Option(
      names = "--on",
      paramLabel = "KERNEL",
      description = "The kernel: jvm (the default). linux and both are not built yet.")
  void kernel(String name) {
    switch (name) {
      case "jvm" -> {}
      case "linux", "both" ->
          throw new ParameterException(
              command.commandLine(),
              "--on "
                  + name
                  + " is not built yet: leave --on out, the JVM kernel is the one there is");
      default ->
          throw new ParameterException(
              command.commandLine(), "--on takes jvm, linux or both, not '" + name + "'");
    }
  }
}
