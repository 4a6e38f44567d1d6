package io.ebpf4j.cli;

import io.ebpf4j.BpfException;
import io.ebpf4j.VerifierException;
import io.ebpf4j.object.ObjectFormatException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Says in one sentence why a command could not do its work; a stack trace only with --debug. */
final class ErrorReport {
  private ErrorReport() {}

  /** Prints the sentence and gives the exit status. */
  static int print(Exception exception, CommandLine command) throws Exception {
    if (exception instanceof ParameterException usage) {
      return command
          .getParameterExceptionHandler()
          .handleParseException(usage, new String[] {command.getCommandName()});
    }
    if (exception instanceof StandardOutput.ClosedPipeException) {
      return ExitStatus.CLOSED_PIPE;
    }
    PrintWriter err = command.getErr();
    err.println("ebpf4j: " + sentence(exception));
    if (exception instanceof VerifierException refused && !refused.log().isBlank()) {
      err.println(refused.log().strip());
    }
    if (wantsDebug(command)) {
      exception.printStackTrace(err);
    }
    return ExitStatus.REFUSED;
  }

  private static String sentence(Exception exception) {
    String kind = exception.getClass().getSimpleName();
    String message = Objects.requireNonNullElse(exception.getMessage(), kind);
    return switch (exception) {
      case RefusedException _, BpfException _, ObjectFormatException _, IOException _ -> message;
      default ->
          "an error of ebpf4j itself, %s (%s): please report it with what --debug prints"
              .formatted(kind, message);
    };
  }

  static boolean wantsDebug(CommandLine command) {
    return command.getCommandSpec().findOption("--debug") != null
        && Boolean.TRUE.equals(command.getCommandSpec().findOption("--debug").getValue());
  }
}
