package io.ebpf4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.ebpf4j.BpfException;
import io.ebpf4j.BpfObject;
import io.ebpf4j.VerifierException;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.ProgramSpec;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
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

/**
 * {@code ebpf4j disasm}: instructions as bpftool dumps them, under their source lines; or the
 * bytecode that the JVM kernel makes of them.
 */
@Command(
    name = "disasm",
    mixinStandardHelpOptions = true,
    description = "Print a program's instructions, each under its source line.")
final class DisasmCommand implements Callable<Integer> {
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
      names = "--bytecode",
      description =
          "Print the class that the JVM kernel compiles the program to, under its instructions.")
  private boolean bytecode;

  @Override
  public Integer call() throws IOException {
    common.mustNotChooseKernel();
    ObjectFile file = ObjectInput.read(object);
    if (bytecode) {
      listBytecode(file);
      return ExitStatus.DONE;
    }
    Collection<ProgramSpec> programs = chosen(file);
    PrintWriter out = command.commandLine().getOut();
    if (common.json) {
      Json.print(out, json -> write(json, programs));
    } else {
      print(out, programs);
      if (programs.isEmpty()) {
        out.println(file.name() + " has no programs");
        out.flush();
      }
    }
    return ExitStatus.DONE;
  }

  /** Programs are loaded for that, with the object's maps. */
  private void listBytecode(ObjectFile file) throws IOException {
    ObjectChanges changes =
        new ObjectChanges(file, objectOptions, List.of(), command.commandLine());
    changes.beforeLoad();
    List<ProgramSpec> programs = changes.chooseToLoadLater(program);
    MapNames names = new MapNames(file);
    List<BytecodeListing> listings = new ArrayList<>();
    try (JvmKernel kernel = JvmKernel.create();
        BpfObject maps = kernel.load(file)) {
      for (ProgramSpec each : programs) {
        listings.add(BytecodeListing.of(kernel, maps, each));
      }
    } catch (VerifierException e) {
      throw e;
    } catch (BpfException e) {
      throw new RefusedException(names.inSentence(e), e);
    }
    PrintWriter out = command.commandLine().getOut();
    if (common.json) {
      Json.print(out, json -> write(json, listings));
      return;
    }
    boolean first = true;
    for (BytecodeListing listing : listings) {
      if (!first) {
        out.println();
      }
      first = false;
      listing.print(out);
    }
    out.flush();
  }

  private void write(JsonGenerator json, List<BytecodeListing> listings) throws IOException {
    json.writeStartObject();
    json.writeStringField("object", object.toString());
    json.writeArrayFieldStart("programs");
    for (BytecodeListing listing : listings) {
      listing.write(json);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private Collection<ProgramSpec> chosen(ObjectFile file) {
    if (program == null) {
      return file.programs().values();
    }
    ProgramSpec chosen = file.programs().get(program);
    if (chosen == null) {
      throw new ParameterException(
          command.commandLine(),
          "--prog: %s has no program %s; it has %s"
              .formatted(file.name(), program, String.join(", ", file.programs().keySet())));
    }
    return List.of(chosen);
  }

  private static void print(PrintWriter out, Collection<ProgramSpec> programs) {
    boolean first = true;
    for (ProgramSpec each : programs) {
      if (!first) {
        out.println();
      }
      first = false;
      for (ProgramText.Line line : new ProgramText(each).lines()) {
        if (line.prototype() != null) {
          out.println(line.prototype() + ":");
        }
        if (line.source() != null) {
          out.println("; " + line.source());
        }
        out.printf(Locale.ROOT, "%4d: %s%n", line.slot(), line.text());
      }
    }
    out.flush();
  }

  private void write(JsonGenerator json, Collection<ProgramSpec> programs) throws IOException {
    json.writeStartObject();
    json.writeStringField("object", object.toString());
    json.writeArrayFieldStart("programs");
    for (ProgramSpec each : programs) {
      json.writeStartObject();
      json.writeStringField("name", each.name());
      json.writeStringField("section", each.section());
      json.writeStringField("type", each.type().label());
      json.writeArrayFieldStart("instructions");
      for (ProgramText.Line line : new ProgramText(each).lines()) {
        json.writeStartObject();
        json.writeNumberField("slot", line.slot());
        if (line.prototype() != null) {
          json.writeStringField("proto", line.prototype());
        }
        if (line.source() != null) {
          json.writeStringField("src", line.source());
        }
        json.writeStringField("disasm", line.text());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }
}
