package io.ebpf4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.ebpf4j.BpfException;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.ProgramSpec;
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

/** {@code ebpf4j verify}: what the verifier says of each program. */
@Command(
    name = "verify",
    mixinStandardHelpOptions = true,
    description = "Print the verifier's verdict and log for each program.")
final class VerifyCommand implements Callable<Integer> {
  private static final int MAX_LOG = 2;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before the call.
  private CommandSpec command;

  @Mixin private CommonOptions common = new CommonOptions();
  @Mixin private ObjectOptions objectOptions = new ObjectOptions();

  @Parameters(paramLabel = "OBJECT", description = "The object file that clang wrote.")
  private Path object = Path.of("");

  @Option(names = "--prog", paramLabel = "NAME", description = "One program (default: all).")
  private @Nullable String program;

  @Option(
      names = "--log",
      paramLabel = "LEVEL",
      description =
          "The log of accepted programs, as the kernel has levels: 0 none, 1 (the default) what it"
              + " went over last, 2 everything. A refused program's log is printed always.")
  private int log = 1;

  @Option(
      names = "--facts",
      description =
          "Print what the JVM kernel's verifier found out about each instruction too: what a load"
              + " goes through, which map, constant keys, branches that are never taken.")
  private boolean facts;

  @Option(
      names = "--btf",
      paramLabel = "FILE",
      description =
          "The types of the kernel that the JVM kernel is to judge for, such as"
              + " /sys/kernel/btf/vmlinux (default: its own, which has what it runs).")
  private @Nullable Path btf;

  /** Verdicts of the same program on the kernels that were asked. */
  private record Row(@Nullable Verification jvm, @Nullable Verification linux) {
    List<Verification> verdicts() {
      List<Verification> verdicts = new ArrayList<>();
      if (jvm != null) {
        verdicts.add(jvm);
      }
      if (linux != null) {
        verdicts.add(linux);
      }
      return verdicts;
    }

    boolean parts() {
      return jvm != null && linux != null && jvm.errno() != linux.errno();
    }
  }

  @Override
  public Integer call() throws IOException {
    if (log < 0 || log > MAX_LOG) {
      throw new ParameterException(command.commandLine(), "--log takes 0, 1 or 2, not " + log);
    }
    if (facts && !common.on.jvm()) {
      throw new ParameterException(
          command.commandLine(), "--facts is for the JVM kernel, which --on linux leaves out");
    }
    ObjectFile file = ObjectInput.read(object);
    ObjectChanges changes =
        new ObjectChanges(file, objectOptions, List.of(), command.commandLine());
    changes.beforeLoad();
    List<ProgramSpec> chosen = changes.chooseToLoadLater(program);
    MapNames names = new MapNames(file);
    List<Row> rows;
    try {
      rows = verify(file, chosen);
    } catch (BpfException e) {
      throw new RefusedException(names.inSentence(e), e);
    }
    PrintWriter out = command.commandLine().getOut();
    if (common.json) {
      Json.print(out, json -> write(json, rows, names));
    } else {
      print(out, rows, names);
    }
    return status(rows);
  }

  private static int status(List<Row> rows) {
    if (rows.stream().anyMatch(Row::parts)) {
      return ExitStatus.DIFFERENT;
    }
    return rows.stream().flatMap(row -> row.verdicts().stream()).allMatch(Verification::accepted)
        ? ExitStatus.DONE
        : ExitStatus.REFUSED;
  }

  private List<Row> verify(ObjectFile file, List<ProgramSpec> chosen) throws IOException {
    List<Verification> onJvm = List.of();
    List<Verification> onLinux = List.of();
    if (common.on.jvm()) {
      try (JvmKernel kernel = judge()) {
        onJvm = verify(kernel, file, chosen);
      }
    }
    if (common.on.linux()) {
      try (LinuxSide linux = LinuxSide.open()) {
        linux.kernel().logLevel(log);
        onLinux = verify(linux.kernel(), file, chosen);
      }
    }
    List<Row> rows = new ArrayList<>();
    for (int index = 0; index < chosen.size(); index++) {
      rows.add(
          new Row(
              onJvm.isEmpty() ? null : onJvm.get(index),
              onLinux.isEmpty() ? null : onLinux.get(index)));
    }
    return rows;
  }

  /** A kernel that judges what it cannot run too. */
  private JvmKernel judge() throws IOException {
    JvmKernel.Builder kernel = JvmKernel.builder().verifyOnly(true).logLevel(log);
    if (btf != null) {
      kernel.kernelTypes(Btf.parse(Files.readAllBytes(btf)));
    }
    return kernel.build();
  }

  private static List<Verification> verify(
      Kernel kernel, ObjectFile file, List<ProgramSpec> chosen) {
    List<Verification> verdicts = new ArrayList<>();
    try (BpfObject maps = kernel.load(file)) {
      for (ProgramSpec each : chosen) {
        verdicts.add(Verification.of(kernel, maps, each));
      }
    }
    return verdicts;
  }

  private void print(PrintWriter out, List<Row> rows, MapNames names) {
    boolean first = true;
    for (Row row : rows) {
      for (Verification verdict : row.verdicts()) {
        if (!first) {
          out.println();
        }
        first = false;
        print(out, verdict, names);
      }
      if (row.parts()) {
        out.println("the kernels differ about this program");
      }
    }
    out.flush();
  }

  private void print(PrintWriter out, Verification verdict, MapNames names) {
    out.println(
        "%s: %s, %d instructions, %s by %s%s"
            .formatted(
                verdict.program().name(),
                verdict.program().type().label(),
                verdict.instructions(),
                verdict.accepted() ? "accepted" : "refused",
                verdict.kernel(),
                verdict.accepted() ? "" : ": " + verdict.reason()));
    if (verdict.accepted() && !verdict.reason().isEmpty()) {
      out.println("it would not run here: " + verdict.reason());
    }
    if (!verdict.log().isBlank()) {
      out.println(verdict.log().stripTrailing());
    } else if (verdict.processed() > 0) {
      out.println("processed %d insns".formatted(verdict.processed()));
    }
    if (facts && !verdict.facts().isEmpty()) {
      new FactsText(verdict, names).table().print(out);
    }
  }

  private void write(JsonGenerator json, List<Row> rows, MapNames names) throws IOException {
    json.writeStartObject();
    json.writeStringField("object", object.toString());
    json.writeArrayFieldStart("programs");
    for (Row row : rows) {
      for (Verification verdict : row.verdicts()) {
        write(json, verdict, names);
      }
    }
    json.writeEndArray();
    if (common.on == KernelChoice.BOTH) {
      json.writeArrayFieldStart("differences");
      for (Row row : rows) {
        if (row.parts()) {
          json.writeString(row.verdicts().getFirst().program().name());
        }
      }
      json.writeEndArray();
    }
    json.writeEndObject();
  }

  private void write(JsonGenerator json, Verification verdict, MapNames names) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", verdict.program().name());
    json.writeStringField("type", verdict.program().type().label());
    json.writeStringField("kernel", verdict.kernel());
    json.writeBooleanField("accepted", verdict.accepted());
    json.writeNumberField("instructions", verdict.instructions());
    json.writeNumberField("processed", verdict.processed());
    if (verdict.errno() == null) {
      json.writeNullField("errno");
    } else {
      json.writeStringField("errno", verdict.errno().name());
    }
    if (!verdict.reason().isEmpty()) {
      json.writeStringField("reason", verdict.reason());
    }
    json.writeStringField("log", verdict.log());
    if (facts && !verdict.facts().isEmpty()) {
      new FactsText(verdict, names).write(json);
    }
    json.writeEndObject();
  }
}
