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

  /** Where the command works. */
  KernelChoice on = KernelChoice.JVM;

  @Option(
      names = "--on",
      paramLabel = "KERNEL",
      description = "The kernel: jvm (the default), linux, or both, which are compared.")
  void kernel(String name) {
    on =
        switch (name) {
          case "jvm" -> KernelChoice.JVM;
          case "linux" -> KernelChoice.LINUX;
          case "both" -> KernelChoice.BOTH;
          default -> throw usage("--on takes jvm, linux or both, not '" + name + "'");
        };
  }

  /** For commands that only read the object. */
  void mustNotChooseKernel() {
    if (on.linux()) {
      throw usage(command.name() + " only reads the object, on no kernel: leave --on out");
    }
  }

  private ParameterException usage(String sentence) {
    return new ParameterException(command.commandLine(), sentence);
  }
}
