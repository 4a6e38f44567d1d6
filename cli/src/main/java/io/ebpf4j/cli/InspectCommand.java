package io.ebpf4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.jvm.helper.HelperNames;
import io.ebpf4j.object.Extern;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.object.ObjectSection;
import io.ebpf4j.object.Variable;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ebpf4j inspect}: what is in an object, and which of what it needs is there. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    description = "List an object's programs, maps, variables, relocations and needed helpers.")
final class InspectCommand implements Callable<Integer> {
  private static final String YES = "yes";
  private static final String NOT_BUILT = "not built yet";

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before the call.
  private CommandSpec command;

  @Mixin private CommonOptions common = new CommonOptions();

  @Parameters(paramLabel = "OBJECT", description = "The object file that clang wrote.")
  private Path object = Path.of("");

  @Override
  public Integer call() throws IOException {
    common.mustNotChooseKernel();
    ObjectFile file = ObjectInput.read(object);
    PrintWriter out = command.commandLine().getOut();
    try (JvmKernel kernel = JvmKernel.create()) {
      if (common.json) {
        Json.print(out, json -> write(json, file, kernel));
      } else {
        print(out, file, kernel);
        out.flush();
      }
    }
    return ExitStatus.DONE;
  }

  /**
   * A function of the kernel that programs call.
   *
   * @param id the helper's number, or -1 for a kernel function
   * @param supported whether the JVM kernel has it for every program that calls it
   */
  private record Needed(String name, int id, boolean supported) {}

  private static List<Needed> needed(ObjectFile file) {
    TreeMap<String, Needed> needed = new TreeMap<>();
    for (ProgramSpec program : file.programs().values()) {
      for (int id : file.helpers(program.name())) {
        String name = HelperNames.nameOf(id).map(bare -> "bpf_" + bare).orElse("helper " + id);
        boolean supported = JvmKernel.helpers().find(id, program.type()).isPresent();
        needed.merge(
            name,
            new Needed(name, id, supported),
            (one, other) -> new Needed(name, id, one.supported() && other.supported()));
      }
      for (Reference reference : program.references()) {
        if (reference instanceof Reference.ToKernelFunction function) {
          String name = function.function();
          boolean supported = JvmKernel.kfuncs().find(name, program.type()).isPresent();
          needed.merge(
              name,
              new Needed(name, -1, supported),
              (one, other) -> new Needed(name, -1, one.supported() && other.supported()));
        }
      }
    }
    return List.copyOf(needed.values());
  }

  private static void print(PrintWriter out, ObjectFile file, JvmKernel kernel) {
    out.printf(
        Locale.ROOT,
        "%s: license %s, %s%n",
        file.name(),
        file.license().isEmpty() ? "none" : file.license(),
        file.btf().map(btf -> "BTF with " + (btf.size() - 1) + " types").orElse("no BTF"));
    TextTable programs =
        new TextTable("program", "section", "type", "instructions", "CO-RE relocations");
    for (ProgramSpec program : file.programs().values()) {
      programs.row(
          program.name(),
          program.section(),
          program.type().label(),
          Integer.toString(program.instructions().size()),
          Integer.toString(program.coreRelocations().size()));
    }
    print(out, programs);
    TextTable maps = new TextTable("map", "type", "key", "value", "entries", "flags", "JVM kernel");
    file.maps()
        .forEach((name, map) ->
            maps.row(
                name,
                map.type().label(),
                Integer.toString(map.keySize()),
                Integer.toString(map.valueSize()),
                Integer.toUnsignedString(map.maxEntries()),
                "0x" + Integer.toHexString(map.flags()),
                kernel.hasMapType(map.type()) ? YES : NOT_BUILT));
    print(out, maps);
    TextTable variables = new TextTable("variable", "section", "offset", "size", "type", "value");
    for (Variable variable : file.variables()) {
      variables.row(
          variable.name(),
          variable.section(),
          Integer.toString(variable.offset()),
          Integer.toString(variable.size()),
          file.btf().map(btf -> btf.typeName(variable.btfType())).orElse(""),
          VariableValue.of(file, variable, ValueText.Style.PLAIN));
    }
    print(out, variables);
    TextTable externs = new TextTable("extern", "brought by", "weak");
    for (Extern extern : file.externs()) {
      externs.row(extern.name(), kind(extern), extern.weak() ? "yes" : "no");
    }
    print(out, externs);
    TextTable relocations = new TextTable("section", "size", "relocations");
    for (ObjectSection section : relocated(file)) {
      relocations.row(
          section.name(), Long.toString(section.size()), Integer.toString(section.relocations()));
    }
    print(out, relocations);
    TextTable helpers = new TextTable("needs", "number", "JVM kernel");
    for (Needed each : needed(file)) {
      helpers.row(
          each.name(),
          each.id() < 0 ? "kfunc" : Integer.toString(each.id()),
          each.supported() ? YES : NOT_BUILT);
    }
    print(out, helpers);
  }

  private static void print(PrintWriter out, TextTable table) {
    if (!table.isEmpty()) {
      out.println();
      table.print(out);
    }
  }

  /** Those of BTF, which only a linker needs, are left out. */
  private static List<ObjectSection> relocated(ObjectFile file) {
    return file.sections().stream()
        .filter(section -> section.relocations() > 0 && !section.name().startsWith(".BTF"))
        .toList();
  }

  private static String kind(Extern extern) {
    return extern.kind().name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private void write(JsonGenerator json, ObjectFile file, JvmKernel kernel) throws IOException {
    json.writeStartObject();
    json.writeStringField("object", object.toString());
    json.writeStringField("license", file.license());
    json.writeNumberField("btf_types", file.btf().map(btf -> btf.size() - 1).orElse(0));
    json.writeArrayFieldStart("programs");
    for (ProgramSpec program : file.programs().values()) {
      json.writeStartObject();
      json.writeStringField("name", program.name());
      json.writeStringField("section", program.section());
      json.writeStringField("type", program.type().label());
      json.writeNumberField("instructions", program.instructions().size());
      json.writeNumberField("core_relocations", program.coreRelocations().size());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayFieldStart("maps");
    for (String name : file.maps().keySet()) {
      MapSpec map = file.map(name);
      json.writeStartObject();
      json.writeStringField("name", name);
      json.writeStringField("type", map.type().label());
      json.writeNumberField("bytes_key", map.keySize());
      json.writeNumberField("bytes_value", map.valueSize());
      json.writeNumberField("max_entries", Integer.toUnsignedLong(map.maxEntries()));
      json.writeNumberField("flags", Integer.toUnsignedLong(map.flags()));
      json.writeBooleanField("supported", kernel.hasMapType(map.type()));
      json.writeEndObject();
    }
    json.writeEndArray();
    writeVariables(json, file);
    json.writeArrayFieldStart("externs");
    for (Extern extern : file.externs()) {
      json.writeStartObject();
      json.writeStringField("name", extern.name());
      json.writeStringField("kind", kind(extern));
      json.writeBooleanField("weak", extern.weak());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayFieldStart("relocations");
    for (ObjectSection section : relocated(file)) {
      json.writeStartObject();
      json.writeStringField("section", section.name());
      json.writeNumberField("count", section.relocations());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeArrayFieldStart("needs");
    for (Needed each : needed(file)) {
      json.writeStartObject();
      json.writeStringField("name", each.name());
      if (each.id() >= 0) {
        json.writeNumberField("id", each.id());
      }
      json.writeBooleanField("supported", each.supported());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void writeVariables(JsonGenerator json, ObjectFile file) throws IOException {
    json.writeArrayFieldStart("variables");
    for (Variable variable : file.variables()) {
      json.writeStartObject();
      json.writeStringField("name", variable.name());
      json.writeStringField("section", variable.section());
      json.writeNumberField("offset", variable.offset());
      json.writeNumberField("size", variable.size());
      json.writeFieldName("value");
      json.writeRawValue(VariableValue.of(file, variable, ValueText.Style.JSON));
      json.writeEndObject();
    }
    json.writeEndArray();
  }
}
