package io.ebpf4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.ebpf4j.BpfException;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.object.ObjectFormatException;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ebpf4j check}: whether an object would load here, and what is missing where not. */
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    description = "Say whether an object would load here, and what is missing where not.")
final class CheckCommand implements Callable<Integer> {
  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before the call.
  private CommandSpec command;

  @Mixin private CommonOptions common = new CommonOptions();
  @Mixin private ObjectOptions objectOptions = new ObjectOptions();

  @Parameters(paramLabel = "OBJECT", description = "The object file that clang wrote.")
  private Path object = Path.of("");

  /**
   * A map or a program on a kernel.
   *
   * @param reason why it cannot be there, empty where it can
   */
  private record Part(String kernel, String kind, String name, String type, String reason) {
    boolean ok() {
      return reason.isEmpty();
    }
  }

  @Override
  public Integer call() throws IOException {
    List<Part> parts = new ArrayList<>();
    if (common.on.jvm()) {
      try (JvmKernel kernel = JvmKernel.builder().verified(true).build()) {
        parts.addAll(check(kernel));
      }
    }
    if (common.on.linux()) {
      try (LinuxSide linux = LinuxSide.open()) {
        parts.addAll(check(linux.kernel()));
      }
    }
    PrintWriter out = command.commandLine().getOut();
    if (common.json) {
      Json.print(out, json -> write(json, parts));
    } else {
      print(out, parts);
    }
    return parts.stream().allMatch(Part::ok) ? ExitStatus.DONE : ExitStatus.REFUSED;
  }

  /** Reads the object anew for each kernel, since a load puts the kernel's own into it. */
  private List<Part> check(Kernel kernel) {
    ObjectFile file = ObjectInput.read(object);
    ObjectChanges changes =
        new ObjectChanges(file, objectOptions, List.of(), command.commandLine());
    changes.beforeLoad();
    List<ProgramSpec> programs = changes.chooseToLoadLater(null);
    MapNames names = new MapNames(file);
    List<Part> parts = new ArrayList<>();
    Set<String> missing = new LinkedHashSet<>();
    file.maps()
        .forEach((name, map) -> {
          String reason = refusal(kernel, map, names);
          if (!reason.isEmpty()) {
            missing.add(name);
          }
          parts.add(new Part(kernel.name(), "map", name, map.type().label(), reason));
        });
    if (missing.isEmpty()) {
      try (BpfObject maps = kernel.load(file)) {
        for (ProgramSpec program : programs) {
          parts.add(part(kernel, program, Verification.of(kernel, maps, program).reason()));
        }
      } catch (BpfException | ObjectFormatException e) {
        programs.forEach(program -> parts.add(part(kernel, program, names.inSentence(e))));
      }
    } else {
      programs.forEach(program -> parts.add(part(kernel, program, needs(program, missing))));
    }
    return parts;
  }

  private static Part part(Kernel kernel, ProgramSpec program, String reason) {
    return new Part(kernel.name(), "program", program.name(), program.type().label(), reason);
  }

  private static String refusal(Kernel kernel, MapSpec map, MapNames names) {
    // As a load does: a perf event array without a size has an entry for each CPU, and maps that
    // take no types are made without.
    boolean perCpu = map.type() == MapType.PERF_EVENT_ARRAY && map.maxEntries() == 0;
    MapSpec sized = perCpu ? map.withMaxEntries(kernel.possibleCpus()) : map;
    BpfException refusal = refusal(kernel, sized);
    if (refusal != null && sized.btf() != null) {
      refusal = refusal(kernel, sized.withTypes(null, 0, 0));
    }
    return refusal == null ? "" : names.inSentence(refusal);
  }

  private static @Nullable BpfException refusal(Kernel kernel, MapSpec map) {
    try {
      kernel.createMap(map).close();
      return null;
    } catch (BpfException e) {
      return e;
    }
  }

  private static String needs(ProgramSpec program, Set<String> missing) {
    Set<String> needed = new LinkedHashSet<>();
    for (Reference reference : program.references()) {
      switch (reference) {
        case Reference.ToMap map -> needed.add(map.map());
        case Reference.ToMapValue value -> needed.add(value.map());
        default -> {}
      }
    }
    needed.retainAll(missing);
    return needed.isEmpty()
        ? "not looked at, since maps are missing"
        : "it needs " + String.join(", ", needed);
  }

  private static void print(PrintWriter out, List<Part> parts) {
    TextTable table = new TextTable("kernel", "part", "name", "type", "loads");
    for (Part part : parts) {
      table.row(part.kernel(), part.kind(), part.name(), part.type(), part.ok() ? "yes" : "no");
    }
    table.print(out);
    boolean first = true;
    for (Part part : parts) {
      if (!part.ok()) {
        if (first) {
          out.println();
        }
        first = false;
        out.println(
            "%s %s on %s: %s".formatted(part.kind(), part.name(), part.kernel(), part.reason()));
      }
    }
    out.flush();
  }

  private void write(JsonGenerator json, List<Part> parts) throws IOException {
    json.writeStartObject();
    json.writeStringField("object", object.toString());
    json.writeBooleanField("ok", parts.stream().allMatch(Part::ok));
    json.writeArrayFieldStart("parts");
    for (Part part : parts) {
      json.writeStartObject();
      json.writeStringField("kernel", part.kernel());
      json.writeStringField("kind", part.kind());
      json.writeStringField("name", part.name());
      json.writeStringField("type", part.type());
      json.writeBooleanField("ok", part.ok());
      if (part.ok()) {
        json.writeNullField("reason");
      } else {
        json.writeStringField("reason", part.reason());
      }
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }
}
