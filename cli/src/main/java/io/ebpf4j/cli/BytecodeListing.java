package io.ebpf4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Program;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.LineInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The class that the JVM kernel makes of a program: bytecode under the instruction that it comes
 * from, instructions under their source lines. What was inlined from a header is told as such.
 */
final class BytecodeListing {
  private final ProgramSpec program;
  private final BytecodeText bytecode;
  private final int bytes;
  private final Map<Integer, ProgramText.Line> instructions = new HashMap<>();
  private final Map<Integer, LineInfo> sources = new HashMap<>();
  private final String file;

  private BytecodeListing(ProgramSpec program, byte[] classFile) {
    this.program = program;
    this.bytecode = new BytecodeText(classFile);
    this.bytes = classFile.length;
    new ProgramText(program).lines().forEach(line -> instructions.put(line.slot(), line));
    program.lines().forEach(line -> sources.put(line.slot(), line));
    this.file = program.lines().isEmpty() ? "" : program.lines().getFirst().file();
  }

  /**
   * Loads a program into the JVM kernel, lists its class, and lets it go.
   *
   * @throws io.ebpf4j.BpfException where it is refused
   */
  static BytecodeListing of(JvmKernel kernel, BpfObject maps, ProgramSpec program) {
    try (Program loaded = kernel.loadProgram(program, maps.maps())) {
      return new BytecodeListing(program, JvmKernel.classFile(loaded).orElseThrow());
    }
  }

  void print(PrintWriter out) {
    out.printf("%s: class %s, %d bytes%n", program.name(), bytecode.name(), bytes);
    for (BytecodeText.Method method : bytecode.methods()) {
      out.printf("%n%s, %d bytes:%n", method.name(), method.bytes());
      for (BytecodeText.Line line : method.lines()) {
        String source = source(line.slot());
        if (source != null) {
          out.println("; " + source);
        }
        ProgramText.Line instruction = instructions.get(line.slot());
        if (instruction != null) {
          out.printf(Locale.ROOT, "%4d: %s%n", instruction.slot(), instruction.text());
        }
        out.printf(Locale.ROOT, "%14d: %s%n", line.bci(), line.text());
      }
    }
  }

  void write(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", program.name());
    json.writeStringField("section", program.section());
    json.writeStringField("type", program.type().label());
    json.writeStringField("class", bytecode.name());
    json.writeNumberField("bytes", bytes);
    json.writeArrayFieldStart("methods");
    for (BytecodeText.Method method : bytecode.methods()) {
      json.writeStartObject();
      json.writeStringField("name", method.name());
      json.writeNumberField("bytes", method.bytes());
      json.writeArrayFieldStart("instructions");
      for (BytecodeText.Line line : method.lines()) {
        write(json, line);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void write(JsonGenerator json, BytecodeText.Line line) throws IOException {
    json.writeStartObject();
    json.writeNumberField("bci", line.bci());
    if (instructions.containsKey(line.slot())) {
      json.writeNumberField("slot", line.slot());
    }
    String source = source(line.slot());
    if (source != null) {
      json.writeStringField("src", source);
    }
    json.writeStringField("bytecode", line.text());
    json.writeEndObject();
  }

  /** {@code count.bpf.c:42: the line}, or null where none begins at the slot. */
  private @Nullable String source(int slot) {
    LineInfo line = sources.get(slot);
    if (line == null) {
      return null;
    }
    String inlined = line.file().equals(file) ? "" : " (inlined from there)";
    String name = line.file().substring(line.file().lastIndexOf('/') + 1);
    String text = line.text().strip();
    return "%s:%d%s%s".formatted(name, line.line(), inlined, text.isEmpty() ? "" : ": " + text);
  }
}
