package io.ebpf4j.cli;

import io.ebpf4j.BpfException;
import io.ebpf4j.TestRun;
import io.ebpf4j.VerifierException;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.jvm.context.PacketFeed;
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
  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before the call.
  private CommandSpec command;

  @Mixin private CommonOptions common = new CommonOptions();
  @Mixin private ObjectOptions objectOptions = new ObjectOptions();
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
    ObjectChanges changes =
        new ObjectChanges(file, objectOptions, kernelOptions.elements, command.commandLine());
    ProgramSpec chosen = changes.choose(program);
    checkInput(chosen.type(), given);
    changes.beforeLoad();
    MapNames names = new MapNames(file);
    try {
      return switch (common.on) {
        case JVM -> onJvm(file, changes, chosen, given);
        case LINUX -> onLinux(file, changes, chosen, given);
        case BOTH -> onBoth(file, changes, chosen, given);
      };
    } catch (VerifierException e) {
      // The exception says its errno behind the sentence itself.
      String sentence = names.inSentence(e).replace(" (" + e.errno() + ")", "");
      throw new VerifierException(e.errno(), sentence, e.log());
    } catch (BpfException e) {
      throw new RefusedException(names.inSentence(e), e);
    } catch (RefusedException e) {
      throw new RefusedException(names.inSentence(e), e);
    }
  }

  private int onJvm(ObjectFile file, ObjectChanges changes, ProgramSpec chosen, List<byte[]> given)
      throws IOException {
    try (JvmKernel kernel = jvm(kernelOptions.cpus);
        KernelRun run = new KernelRun(kernel, file, chosen.name(), jvmMode())) {
      alone(run, changes, given);
    }
    return ExitStatus.DONE;
  }

  private int onLinux(
      ObjectFile file, ObjectChanges changes, ProgramSpec chosen, List<byte[]> given)
      throws IOException {
    try (LinuxSide linux = LinuxSide.open();
        KernelRun run = new KernelRun(linux.kernel(), file, chosen.name(), LinuxSide.mode())) {
      alone(run, changes, given);
    }
    return ExitStatus.DONE;
  }

  private void alone(KernelRun run, ObjectChanges changes, List<byte[]> given) throws IOException {
    changes.afterLoad(run.loaded());
    try (PacketSource source = new PacketSource(captures, given, System.in);
        PacketSink sink = write == null ? null : new PacketSink(write, run.type());
        PacketFeed feed = sink == null ? run.feed().orElse(null) : null;
        Progress progress = new Progress(source, common.quiet)) {
      if (feed == null) {
        oneByOne(run, source, sink, progress);
      } else {
        inBatches(run, source, feed, progress);
      }
      print(List.of(run.report(source.truncated())), null);
    }
  }

  private void oneByOne(
      KernelRun run, PacketSource source, @Nullable PacketSink sink, Progress progress)
      throws IOException {
    long count = 0;
    while (source.next()) {
      TestRun input = input(run.type(), source);
      for (int round = 0; round < repeat; round++) {
        progress.packets(++count);
        KernelRun.Outcome outcome = run.run(input);
        mustNotStop(outcome, source);
        write(sink, source, outcome);
      }
    }
  }

  /** What does not go into a batch is run alone, after those before it. */
  private void inBatches(KernelRun run, PacketSource source, PacketFeed feed, Progress progress)
      throws IOException {
    long begin = System.nanoTime();
    long count = 0;
    while (source.next()) {
      for (int round = 0; round < repeat; round++) {
        progress.packets(++count);
        if (feed.add(source.memory(), source.offset(), source.length())) {
          if (feed.size() == PacketFeed.BATCH) {
            run.run(feed);
          }
        } else {
          run.run(feed);
          run.run(input(run.type(), source));
        }
      }
    }
    run.run(feed);
    run.fedFor(System.nanoTime() - begin);
  }

  private int onBoth(ObjectFile file, ObjectChanges changes, ProgramSpec chosen, List<byte[]> given)
      throws IOException {
    Differences differences = new Differences(Suspects.of(file));
    try (LinuxSide linux = LinuxSide.open();
        JvmKernel jvm = jvm(linux.kernel().possibleCpus());
        BothLoads loads = BothLoads.of(file, jvm, linux, chosen.name(), jvmMode(), differences)) {
      KernelRun onJvm = loads.jvm();
      KernelRun onLinux = loads.linux();
      if (onJvm == null || onLinux == null) {
        print(List.of(), differences);
        return ExitStatus.DIFFERENT;
      }
      changes.afterLoad(onJvm.loaded());
      changes.afterLoad(onLinux.loaded());
      together(onJvm, onLinux, given, differences);
    }
    return differences.count() == 0 ? ExitStatus.DONE : ExitStatus.DIFFERENT;
  }

  private void together(
      KernelRun onJvm, KernelRun onLinux, List<byte[]> given, Differences differences)
      throws IOException {
    try (PacketSource source = new PacketSource(captures, given, System.in);
        PacketSink sink = write == null ? null : new PacketSink(write, onJvm.type());
        Progress progress = new Progress(source, common.quiet)) {
      OutcomeComparison packetByPacket = new OutcomeComparison(onJvm.type(), differences);
      long count = 0;
      while (source.next()) {
        TestRun input = input(onJvm.type(), source);
        for (int round = 0; round < repeat; round++) {
          progress.packets(++count);
          KernelRun.Outcome outcome = onJvm.run(input);
          packetByPacket.compare(source.packets(), outcome, onLinux.run(input));
          write(sink, source, outcome);
        }
      }
      new MapComparison(onJvm.kernel(), onLinux.kernel(), differences)
          .compare(onJvm.loaded().maps(), onLinux.loaded().maps());
      print(
          List.of(onJvm.report(source.truncated()), onLinux.report(source.truncated())),
          differences);
    }
  }

  private static TestRun input(ProgramType type, PacketSource source) {
    return KernelRun.contextOnly(type)
        ? TestRun.ofContext(source.data().clone())
        : TestRun.of(source.data());
  }

  private static void mustNotStop(KernelRun.Outcome outcome, PacketSource source) {
    ProgramFaultException fault = outcome.fault();
    if (fault != null) {
      throw new RefusedException("packet " + source.packets() + ": " + fault.getMessage(), fault);
    }
  }

  private static void write(
      @Nullable PacketSink sink, PacketSource source, KernelRun.Outcome outcome)
      throws IOException {
    TestRun.Result result = outcome.result();
    if (sink != null && result != null) {
      sink.take(result.data(), source.lost(), source.timestampNanos(), result.returnValue());
    }
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
    kernelOptions.check(common.on, command.commandLine());
    if (trace && !common.on.jvm()) {
      throw usage(
          "--trace shows what programs print on the JVM kernel; on Linux the lines of all programs"
              + " are in /sys/kernel/tracing/trace_pipe");
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

  private void checkInput(ProgramType type, List<byte[]> given) {
    if (!KernelRun.contextOnly(type)) {
      if (given.stream().anyMatch(packet -> packet.length == 0)) {
        throw usage("--packet takes at least one byte, written as two hexadecimal digits");
      }
      return;
    }
    if (!captures.isEmpty()) {
      throw usage(
          "a " + type.label() + " program takes no packets: give its context with --packet HEX");
    }
    if (write != null) {
      throw usage("a " + type.label() + " program has no packets to --write");
    }
  }

  private RunMode jvmMode() {
    return kernelOptions.interpret
        ? new RunMode("the checked interpreter", false)
        : new RunMode("compiled code", true);
  }

  private JvmKernel jvm(@Nullable Integer cpus) {
    JvmKernel kernel = kernelOptions.kernel(cpus).build();
    if (trace) {
      PrintWriter lines =
          common.json ? command.commandLine().getErr() : command.commandLine().getOut();
      kernel.trace(lines::println);
    }
    return kernel;
  }

  /** With {@code differences} where two kernels were compared. */
  private void print(List<RunReport> reports, @Nullable Differences differences)
      throws IOException {
    PrintWriter out = command.commandLine().getOut();
    if (common.json) {
      JsonReport.print(object.toString(), reports, differences, out);
    } else {
      new TextReport(out, all).print(reports, differences);
      out.flush();
    }
  }

  private ParameterException usage(String sentence) {
    return new ParameterException(command.commandLine(), sentence);
  }
}
