package io.ebpf4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfFormatException;
import io.ebpf4j.btf.BtfListing;
import io.ebpf4j.btf.CHeader;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.linux.LinuxKernel;
import io.ebpf4j.object.ObjectFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code ebpf4j btf}: types. */
@Command(
    name = "btf",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Print types.",
    subcommands = BtfCommand.Dump.class)
final class BtfCommand implements Runnable {
  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it before the call.
  private CommandSpec command;

  @Override
  public void run() {
    throw new ParameterException(
        command.commandLine(), "btf has one command: ebpf4j btf dump [file FILE] [format raw|c]");
  }

  /** {@code ebpf4j btf dump}: all types of a file or a kernel, as bpftool writes them. */
  @Command(
      name = "dump",
      mixinStandardHelpOptions = true,
      customSynopsis = "ebpf4j btf dump [file FILE] [format raw|c] [--on jvm|linux] [--json]",
      description =
          "Print the types of an object or of a file of bare BTF, else the kernel's: one by one, or"
              + " as a C header.")
  static final class Dump implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before the call.
    private CommandSpec command;

    @Mixin private CommonOptions common = new CommonOptions();

    @Parameters(
        arity = "0..*",
        paramLabel = "WORD",
        description = "file FILE: what to read; format raw or format c: how to print it.")
    private List<String> words = new ArrayList<>();

    private @Nullable Path file;
    private boolean asC;

    @Override
    public Integer call() throws IOException {
      readWords();
      if (asC && common.json) {
        throw usage("a C header is not JSON: leave --json or format c out");
      }
      Btf btf = file == null ? ofKernel() : ofFile(file);
      PrintWriter out = command.commandLine().getOut();
      if (common.json) {
        Json.print(out, json -> write(json, new BtfListing(btf), btf.size()));
      } else if (asC) {
        writeHeader(btf, out);
      } else {
        BtfListing listing = new BtfListing(btf);
        for (int id = 1; id < btf.size(); id++) {
          out.println(listing.entry(id).text());
        }
      }
      out.flush();
      return ExitStatus.DONE;
    }

    private void readWords() {
      for (int at = 0; at < words.size(); at += 2) {
        String value = at + 1 < words.size() ? words.get(at + 1) : "";
        switch (words.get(at)) {
          case "file" -> {
            if (value.isEmpty()) {
              throw usage("file takes the path of an object or of bare BTF");
            }
            file = Path.of(value);
          }
          case "format" ->
              asC =
                  switch (value) {
                    case "c" -> true;
                    case "raw" -> false;
                    default -> throw usage("format takes raw or c, not '" + value + "'");
                  };
          default ->
              throw usage("btf dump takes file FILE and format raw|c, not '" + words.get(at) + "'");
        }
      }
    }

    private Btf ofKernel() {
      return switch (common.on) {
        case JVM -> {
          try (JvmKernel kernel = JvmKernel.create()) {
            yield kernel.btf();
          }
        }
        case LINUX -> {
          try (LinuxKernel kernel = LinuxKernel.open()) {
            yield kernel.btf();
          }
        }
        case BOTH -> throw usage("btf dump prints one kernel's types: --on jvm or --on linux");
      };
    }

    private Btf ofFile(Path path) {
      common.mustNotChooseKernel();
      byte[] bytes = ObjectInput.bytes(path);
      if (bytes.length >= 2 && (bytes[0] & 0xff) == 0x9f && (bytes[1] & 0xff) == 0xeb) {
        try {
          return Btf.parse(bytes);
        } catch (BtfFormatException e) {
          throw new RefusedException(path + ": " + e.getMessage(), e);
        }
      }
      return ObjectFile.writtenTypes(path.toString(), bytes)
          .orElseThrow(() ->
              new RefusedException(
                  path + " has no BTF: compile it with -g, and strip it with llvm-strip -g"));
    }

    private static void writeHeader(Btf btf, PrintWriter out) {
      try {
        CHeader.write(btf, out::print);
      } catch (BtfFormatException e) {
        throw new RefusedException("format c: " + e.getMessage(), e);
      }
    }

    private static void write(JsonGenerator json, BtfListing listing, int count)
        throws IOException {
      json.writeStartObject();
      json.writeArrayFieldStart("types");
      for (int id = 1; id < count; id++) {
        BtfListing.Entry entry = listing.entry(id);
        json.writeStartObject();
        json.writeNumberField("id", id);
        json.writeStringField("kind", entry.kind());
        json.writeStringField("name", entry.name());
        write(json, entry.fields());
        if (!entry.partsName().isEmpty()) {
          json.writeArrayFieldStart(entry.partsName());
          for (BtfListing.Part part : entry.parts()) {
            json.writeStartObject();
            if (!part.name().isEmpty()) {
              json.writeStringField("name", part.name());
            }
            write(json, part.fields());
            json.writeEndObject();
          }
          json.writeEndArray();
        }
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }

    private static void write(JsonGenerator json, List<BtfListing.Field> fields)
        throws IOException {
      for (BtfListing.Field field : fields) {
        json.writeFieldName(field.name());
        switch (field.value()) {
          case Long number -> json.writeNumber(number);
          default -> json.writeString(field.value().toString());
        }
      }
    }

    private ParameterException usage(String sentence) {
      return new ParameterException(command.commandLine(), sentence);
    }
  }
}
