package io.ebpf4j.cli;

import io.ebpf4j.isa.Disassembler;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.InstructionNames;
import io.ebpf4j.jvm.interpreter.MemoryRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * A plug-in of the bpf_conformance runner: runs a program over a memory and prints R0 as hex. An
 * error goes to standard error, with a status that is not 0.
 */
@Command(
    name = "conformance-plugin",
    hidden = true,
    mixinStandardHelpOptions = true,
    description = "Run a program over a memory as the bpf_conformance runner asks for it.")
final class ConformancePlugin implements Callable<Integer> {
  private static final long INSTRUCTION_BUDGET = 100_000_000;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before the call.
  private CommandSpec command;

  @Parameters(
      arity = "0..*",
      paramLabel = "MEMORY",
      description = "The memory as hex: R1 is its address, R2 its length.")
  private List<String> memory = new ArrayList<>();

  @Option(
      names = "--program",
      paramLabel = "HEX",
      description = "The program as hex (default: read from standard input).")
  private @Nullable String program;

  @Option(names = "--elf", description = "The program is an ELF file, as hex.")
  private boolean elf;

  @Option(
      names = "--debug",
      description = "Print the instructions, and a stack trace with an error.")
  private boolean debug;

  @Override
  public Integer call() throws IOException {
    byte[] bytes = decode("the program", program == null ? standardInput() : program);
    byte[] code = elf ? ElfCode.of(bytes) : bytes;
    // The runner's own options leave empty arguments behind.
    List<String> given = memory.stream().filter(argument -> !argument.isBlank()).toList();
    if (given.size() > 1) {
      throw new ParameterException(
          command.commandLine(), "one memory is taken, and there is more: " + given.get(1));
    }
    byte[] block = decode("the memory", given.isEmpty() ? "" : given.getFirst());
    if (code.length == 0 || code.length % Instruction.SIZE != 0) {
      throw new RefusedException(
          "the program has %d bytes, and a program is one or more instructions of %d bytes"
              .formatted(code.length, Instruction.SIZE));
    }
    List<Instruction> instructions = Instruction.decode(code);
    if (debug) {
      PrintWriter err = command.commandLine().getErr();
      new Disassembler(InstructionNames.NONE).lines(instructions).forEach(err::println);
    }
    long result = MemoryRun.of(instructions, block, INSTRUCTION_BUDGET).returnValue();
    PrintWriter out = command.commandLine().getOut();
    out.println(Long.toHexString(result));
    out.flush();
    return ExitStatus.DONE;
  }

  private static String standardInput() throws IOException {
    return new String(System.in.readAllBytes(), StandardCharsets.ISO_8859_1);
  }

  private byte[] decode(String what, String hex) {
    try {
      return Literal.bytes(hex);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), what + ": " + e.getMessage(), e);
    }
  }
}
