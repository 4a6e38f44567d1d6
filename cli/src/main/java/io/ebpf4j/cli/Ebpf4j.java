package io.ebpf4j.cli;

import java.io.BufferedOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Optional;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command's root: what is common to all of its subcommands, and its entry point. */
@Command(
    name = "ebpf4j",
    description = "Runs compiled eBPF programs in the JVM, as the Linux kernel does.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:done",
      "1:the object, program or input was refused",
      "2:usage",
      "3:the kernels differ"
    },
    subcommands = {
      RunCommand.class,
      InspectCommand.class,
      VerifyCommand.class,
      DisasmCommand.class,
      BenchCommand.class,
      ForwardCommand.class,
      ServeCommand.class,
      CheckCommand.class,
      DoctorCommand.class,
      BtfCommand.class,
      ConformancePlugin.class,
      GenerateCompletion.class
    })
public final class Ebpf4j {

  /** Runs the command and exits with its status. */
  public static void main(String[] arguments) {
    System.setOut(
        new PrintStream(
            new BufferedOutputStream(new StandardOutput()), false, System.out.charset()));
    System.exit(commandLine().execute(arguments));
  }

  /** The command, ready to {@code execute}. */
  static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new Ebpf4j());
    commandLine.setParameterExceptionHandler(Ebpf4j::refuseUsage);
    commandLine.setExecutionExceptionHandler(
        (exception, command, parsed) -> ErrorReport.print(exception, command));
    commandLine.setExecutionStrategy(Ebpf4j::execute);
    return commandLine;
  }

  private static int execute(CommandLine.ParseResult parsed) {
    CommandLine root = parsed.commandSpec().commandLine();
    int status;
    try {
      status = new CommandLine.RunLast().execute(parsed);
      root.getOut().flush();
    } catch (StandardOutput.ClosedPipeException e) {
      return ExitStatus.CLOSED_PIPE;
    } catch (OutOfMemoryError e) {
      root.getErr().println("ebpf4j: there is not enough memory for this: " + e.getMessage());
      return ExitStatus.REFUSED;
    }
    // The writer does not see what fails in the stream below it.
    if (root.getOut().checkError() || System.out.checkError()) {
      root.getErr().println("ebpf4j: standard output could not be written to its end");
      return ExitStatus.REFUSED;
    }
    return status;
  }

  private static int refuseUsage(ParameterException exception, String[] arguments) {
    CommandLine command = exception.getCommandLine();
    PrintWriter err = command.getErr();
    if (command.getParent() == null && arguments.length == 0) {
      command.usage(err);
      return ExitStatus.USAGE;
    }
    err.println(sentence(exception));
    if (ErrorReport.wantsDebug(command) || Arrays.asList(arguments).contains("--debug")) {
      exception.printStackTrace(err);
    }
    return ExitStatus.USAGE;
  }

  private static String sentence(ParameterException exception) {
    CommandLine command = exception.getCommandLine();
    if (exception instanceof UnmatchedArgumentException unmatched && command.getParent() == null) {
      return "ebpf4j: there is no command '%s': see \"ebpf4j --help\""
          .formatted(unmatched.getUnmatched().getFirst());
    }
    return "ebpf4j: %s (see \"%s --help\")"
        .formatted(
            noNumber(exception).orElse(exception.getMessage()),
            command.getCommandSpec().qualifiedName());
  }

  /** What an option that takes a number says of something else. */
  private static Optional<String> noNumber(ParameterException exception) {
    if (!(exception.getArgSpec() instanceof OptionSpec option) || exception.getValue() == null) {
      return Optional.empty();
    }
    Class<?> type = option.typeInfo().getType();
    if (type != int.class && type != Integer.class && type != Long.class) {
      return Optional.empty();
    }
    long most = type == Long.class ? Long.MAX_VALUE : Integer.MAX_VALUE;
    return Optional.of(
        "%s takes a whole number, at most %d, not '%s'"
            .formatted(option.longestName(), most, exception.getValue()));
  }
}
