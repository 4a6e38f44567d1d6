package io.ebpf4j.cli;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.jvm.interpreter.ProgramFaultException;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ebpf4j run}: loads an object, feeds it packets, prints verdicts and maps. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = "Load an object, feed it packets, print verdicts and maps.")
final class RunCommand implements Callable<Integer> {
  /** Linux's largest NR_CPUS. */
  private static final int MAX_CPUS = 8192;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before the call.
  private CommandSpec command;

  @Mixin private CommonOptions common = new CommonOptions();
  @Mixin private KernelOptions kernelOptions = new KernelOptions();

  @Parameters(paramLabel = "OBJECT", description = "The object file that clang wrote.")
  private Path object = Path.of("");

  @Option(
      names = "--prog",
      paramLabel = "NAME",
      description = "The program; may be left out where the object has one.")
  private @Nullable String program;

  @Option(
      names = "--pcap",
      paramLabel = "FILE",
      description =
          "A capture to read packets from: pcap or pcapng, gzip-compressed or not; - is standard"
              + " input. May be given several times.")
  private List<String> captures = new ArrayList<>();

  @Option(
      names = "--packet",
      paramLabel = "HEX",
      description =
          "A packet, or the context of a syscall or raw_tracepoint program. May be given several"
              + " times; they come after the captures.")
  private List<String> packets = new ArrayList<>();

  @Option(
      names = "--repeat",
      paramLabel = "N",
      description = "Run each packet N times, each time as it was read.")
  private int repeat = 1;

  @Option(
      names = "--write",
      paramLabel = "FILE",
      description =
          "Write the packets that pass, as the program changed them: pcapng where FILE ends so,"
              + " else pcap. With {verdict} in FILE every packet is written, to its verdict's"
              + " file.")
  private @Nullable String write;

  @Option(names = "--trace", description = "Print what bpf_trace_printk and its kind print.")
  private boolean trace;

  @Option(names = "--all", description = "Show zero elements of arrays too.")
  private boolean all;

  @Override
  public Integer call() throws IOException {
    List<byte[]> given = checkUsage();
    ObjectFile file = ObjectInput.read(object);
    ObjectChanges changes = new ObjectChanges(file, kernelOptions, command.commandLine());
    ProgramSpec chosen = changes.choose(program);
    checkInput(chosen.type());
    changes.beforeLoad();
    try (JvmKernel kernel = kernel()) {
      long begin = System.nanoTime();
      try (BpfObject loaded = kernel.load(file)) {
        long loadNanos = System.nanoTime() - begin;
        changes.afterLoad(loaded);
        try (PacketSource source = new PacketSource(captures, given, System.in)) {
          print(run(loaded, loaded.program(chosen.name()), source, loadNanos));
        }
      }
    }
    return ExitStatus.DONE;
  }

  private List<byte[]> checkUsage() {
    if (captures.isEmpty() && packets.isEmpty()) {
      throw usage("run needs input: give it --pcap FILE or --packet HEX");
    }
    if (captures.stream().filter(PacketSource.STANDARD_INPUT::equals).count() > 1) {
      throw usage("--pcap - may be given once: standard input cannot be read again");
    }
    if (repeat < 1) {
      throw usage("--repeat takes a number of at least 1, not " + repeat);
    }
    if (kernelOptions.cpus != null && (kernelOptions.cpus < 1 || kernelOptions.cpus > MAX_CPUS)) {
      throw usage("--cpus takes 1 to %d, not %d".formatted(MAX_CPUS, kernelOptions.cpus));
    }
    if (write != null) {
      checkOutput(write);
    }
    try {
      return packets.stream().map(Literal::bytes).toList();
    } catch (IllegalArgumentException e) {
      throw usage("--packet: " + e.getMessage());
    }
  }

  private void checkOutput(String output) {
    if (output.equals(PacketSource.STANDARD_INPUT)) {
      throw usage("--write takes a file, not -: standard output has the verdicts");
    }
    if (output.contains("{device}")) {
      throw usage("--write with {device} is not built yet: a run knows no devices so far");
    }
    for (String capture : captures) {
      if (sameFile(Path.of(output), Path.of(capture))) {
        throw usage("--write " + output + " would overwrite its own input: give another file");
      }
    }
  }

  private static boolean sameFile(Path output, Path input) {
    try {
      return Files.exists(output) && Files.exists(input) && Files.isSameFile(output, input);
    } catch (IOException e) {
      return false;
    }
  }

  private void checkInput(ProgramType type) {
    if (contextOnly(type) && !captures.isEmpty()) {
      throw usage(
          "a " + type.label() + " program takes no packets: give its context with --packet HEX");
    }
    if (contextOnly(type) && write != null) {
      throw usage("a " + type.label() + " program has no packets to --write");
    }
  }

  private static boolean contextOnly(ProgramType type) {
    return type == ProgramType.SYSCALL || type == ProgramType.RAW_TRACEPOINT;
  }

  private JvmKernel kernel() {
    JvmKernel.Builder builder = JvmKernel.builder();
    if (kernelOptions.cpus != null) {
      builder.cpus(kernelOptions.cpus);
    }
    if (kernelOptions.seed != null) {
      builder.seed(kernelOptions.seed);
    }
    JvmKernel kernel = builder.build();
    if (trace) {
      PrintWriter lines =
          common.json ? command.commandLine().getErr() : command.commandLine().getOut();
      kernel.trace(lines::println);
    }
    return kernel;
  }

  private RunReport run(BpfObject loaded, Program runs, PacketSource source, long loadNanos)
      throws IOException {
    ProgramType type = runs.spec().type();
    Verdicts verdicts = new Verdicts(type);
    TreeMap<String, Long> refused = new TreeMap<>();
    RunTime time = new RunTime();
    long count = 0;
    long begin = System.nanoTime();
    try (PacketSink sink = write == null ? null : new PacketSink(write, type);
        Progress progress = new Progress(source, common.quiet)) {
      while (source.next()) {
        TestRun input =
            contextOnly(type) ? TestRun.ofContext(source.data()) : TestRun.of(source.data());
        for (int round = 0; round < repeat; round++) {
          progress.packets(++count);
          TestRun.Result result;
          try {
            result = runs.testRun(input);
          } catch (ProgramFaultException e) {
            throw new RefusedException("packet " + source.packets() + ": " + e.getMessage(), e);
          } catch (BpfException e) {
            refused.merge(e.errno().name(), 1L, Long::sum);
            continue;
          }
          verdicts.add(result.returnValue());
          time.add(result.meanNanos());
          if (sink != null) {
            byte[] after = type == ProgramType.SOCKET_FILTER ? source.data() : result.data();
            sink.take(after, source.lost(), source.timestampNanos(), result.returnValue());
          }
        }
      }
    }
    return new RunReport(
        "jvm",
        runs.spec().name(),
        type,
        "checked interpreter",
        runs.spec().instructions().size(),
        loadNanos,
        count,
        time.meanNanos(),
        System.nanoTime() - begin,
        verdicts.counts(),
        refused,
        source.truncated(),
        loaded.maps().entrySet().stream()
            .map(entry -> new MapDump(entry.getKey(), entry.getValue()))
            .toList());
  }

  private void print(RunReport report) throws IOException {
    PrintWriter out = command.commandLine().getOut();
    if (common.json) {
      JsonReport.print(object.toString(), List.of(report), out);
    } else {
      new TextReport(out, all).print(report);
      out.flush();
    }
  }

  private ParameterException usage(String sentence) {
    return new ParameterException(command.commandLine(), sentence);
  }
}
