package io.ebpf4j.cli;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ebpf4j bench}: how long a run of a program takes, on each kernel by turns. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Time programs on one or both kernels, by turns.")
final class BenchCommand implements Callable<Integer> {
  private static final int BATCHES = 10;
  private static final int PACKET_BYTES = 64;

  /** The most that raw tracepoints have: twelve numbers. */
  private static final int ARGUMENT_BYTES = 96;

  private static final double MAX_SECONDS = 3600;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before the call.
  private CommandSpec command;

  @Mixin private CommonOptions common = new CommonOptions();
  @Mixin private ObjectOptions objectOptions = new ObjectOptions();
  @Mixin private KernelOptions kernelOptions = new KernelOptions();

  @Parameters(paramLabel = "OBJECT", description = "The object file that clang wrote.")
  private Path object = Path.of("");

  @Option(names = "--prog", paramLabel = "NAME", description = "One program (default: all).")
  private @Nullable String program;

  @Option(
      names = "--pcap",
      paramLabel = "FILE",
      description = "A capture, whose first packet is the input (default: 64 bytes of zeros).")
  private @Nullable String capture;

  @Option(
      names = "--packet",
      paramLabel = "HEX",
      description = "The input, or the context of a syscall or raw_tracepoint program.")
  private @Nullable String packet;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description =
          "How long each program is timed on each kernel (default: 1), after warming up for half"
              + " as long.")
  private double seconds = 1;

  /** One kernel with the object in it. */
  private record Side(Kernel kernel, BpfObject loaded, String mode) {}

  @Override
  public Integer call() throws IOException {
    byte @Nullable [] given = checkUsage();
    ObjectFile file = ObjectInput.read(object);
    ObjectChanges changes =
        new ObjectChanges(file, objectOptions, kernelOptions.elements, command.commandLine());
    List<ProgramSpec> chosen = chosen(file, changes);
    changes.beforeLoad();
    MapNames names = new MapNames(file);
    List<BenchResult> results;
    try {
      results = measure(file, changes, chosen, given);
    } catch (BpfException e) {
      throw new RefusedException(names.inSentence(e), e);
    }
    PrintWriter out = command.commandLine().getOut();
    if (common.json) {
      Json.print(
          out,
          json -> {
            json.writeStartObject();
            json.writeStringField("object", object.toString());
            json.writeArrayFieldStart("results");
            for (BenchResult result : results) {
              result.write(json);
            }
            json.writeEndArray();
            json.writeEndObject();
          });
    } else {
      print(out, results);
    }
    boolean all = results.stream().allMatch(result -> result.refusal() == null);
    return all ? ExitStatus.DONE : ExitStatus.REFUSED;
  }

  private byte @Nullable [] checkUsage() throws IOException {
    if (capture != null && packet != null) {
      throw usage("bench takes one input: --pcap or --packet");
    }
    if (!(seconds > 0) || seconds > MAX_SECONDS) {
      throw usage("--seconds takes more than 0 and up to 3600, not " + seconds);
    }
    kernelOptions.check(common.on, command.commandLine());
    if (packet != null) {
      try {
        return Literal.bytes(packet);
      } catch (IllegalArgumentException e) {
        throw usage("--packet: " + e.getMessage());
      }
    }
    if (capture == null) {
      return null;
    }
    try (PacketSource source = new PacketSource(List.of(capture), List.of(), System.in)) {
      if (!source.next()) {
        throw new RefusedException(capture + " has no packet: give another capture");
      }
      return source.data();
    }
  }

  private List<ProgramSpec> chosen(ObjectFile file, ObjectChanges changes) {
    if (program != null || file.programs().isEmpty()) {
      return List.of(changes.choose(program));
    }
    return file.programs().values().stream()
        .filter(each -> !file.omittedPrograms().contains(each.name()))
        .toList();
  }

  private List<BenchResult> measure(
      ObjectFile file, ObjectChanges changes, List<ProgramSpec> chosen, byte @Nullable [] given) {
    try (LinuxSide linux = common.on.linux() ? LinuxSide.open() : null;
        JvmKernel jvm = common.on.jvm() ? jvm(linux) : null;
        BpfObject onJvm = jvm == null ? null : jvm.load(file);
        BpfObject onLinux = linux == null ? null : linux.kernel().load(file)) {
      List<Side> sides = new ArrayList<>();
      if (jvm != null && onJvm != null) {
        sides.add(new Side(jvm, onJvm, kernelOptions.interpret ? "interpreted" : "compiled"));
        changes.afterLoad(onJvm);
      }
      if (linux != null && onLinux != null) {
        sides.add(new Side(linux.kernel(), onLinux, ""));
        changes.afterLoad(onLinux);
      }
      List<BenchResult> results = new ArrayList<>();
      for (ProgramSpec each : chosen) {
        results.addAll(measure(sides, each, given));
      }
      return results;
    }
  }

  private JvmKernel jvm(@Nullable LinuxSide linux) {
    return kernelOptions
        .kernel(linux == null ? kernelOptions.cpus : (Integer) linux.kernel().possibleCpus())
        .build();
  }

  /** A program on each kernel by turns. */
  private List<BenchResult> measure(List<Side> sides, ProgramSpec chosen, byte @Nullable [] given) {
    long batchNanos = (long) (seconds * 1e9 / BATCHES);
    List<BenchSubject> subjects = new ArrayList<>();
    List<@Nullable String> refusals = new ArrayList<>();
    for (Side side : sides) {
      BenchSubject subject =
          new BenchSubject(
              side.kernel(),
              side.loaded().program(chosen.name()),
              side.loaded().maps().values(),
              input(chosen.type(), given),
              side.kernel() instanceof JvmKernel);
      subjects.add(subject);
      refusals.add(refusal(() -> subject.warmUp(batchNanos * BATCHES / 2, batchNanos)));
    }
    for (int batch = 0; batch < BATCHES; batch++) {
      for (int index = 0; index < subjects.size(); index++) {
        BenchSubject subject = subjects.get(index);
        if (refusals.get(index) == null) {
          refusals.set(index, refusal(() -> subject.batch(batchNanos)));
        }
      }
    }
    List<BenchResult> results = new ArrayList<>();
    for (int index = 0; index < subjects.size(); index++) {
      results.add(result(sides.get(index), chosen, subjects.get(index), refusals.get(index)));
    }
    return results;
  }

  private static BenchResult result(
      Side side, ProgramSpec chosen, BenchSubject subject, @Nullable String refusal) {
    boolean bytesKnown =
        side.kernel() instanceof JvmKernel && subject.method() == BenchSubject.Method.REPEAT;
    return new BenchResult(
        chosen.name(),
        side.kernel().name(),
        side.mode(),
        subject.method(),
        refusal == null ? subject.nanosPerRun() : Double.NaN,
        refusal == null ? subject.runs() : 0,
        refusal == null && bytesKnown ? subject.bytesPerRun() : Double.NaN,
        refusal);
  }

  private static @Nullable String refusal(Runnable action) {
    try {
      action.run();
      return null;
    } catch (BpfException e) {
      return e.getMessage();
    }
  }

  private static TestRun input(ProgramType type, byte @Nullable [] given) {
    if (KernelRun.contextOnly(type)) {
      int bytes = type == ProgramType.RAW_TRACEPOINT ? ARGUMENT_BYTES : PACKET_BYTES;
      return TestRun.ofContext(given == null ? new byte[bytes] : given);
    }
    return TestRun.of(given == null ? new byte[PACKET_BYTES] : given);
  }

  private static void print(PrintWriter out, List<BenchResult> results) {
    TextTable table =
        new TextTable("program", "kernel", "mode", "ns/run", "runs", "bytes/run", "timed by");
    for (BenchResult result : results) {
      if (result.refusal() == null) {
        table.row(
            result.program(),
            result.kernel(),
            result.mode(),
            decimal(result.nanosPerRun(), 2),
            Long.toString(result.runs()),
            Double.isNaN(result.bytesPerRun()) ? "" : decimal(result.bytesPerRun(), 1),
            result.method().words());
      }
    }
    if (!table.isEmpty()) {
      table.print(out);
    }
    for (BenchResult result : results) {
      if (result.refusal() != null) {
        out.printf("%s on %s: %s%n", result.program(), result.kernel(), result.refusal());
      }
    }
    out.flush();
  }

  private static String decimal(double value, int places) {
    return String.format(Locale.ROOT, "%." + places + "f", value);
  }

  private ParameterException usage(String sentence) {
    return new ParameterException(command.commandLine(), sentence);
  }
}
