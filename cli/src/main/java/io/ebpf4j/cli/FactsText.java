package io.ebpf4j.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.verifier.InstructionFacts;
import java.io.IOException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Writes what the verifier found out about instructions: the facts that a compiler goes by. */
final class FactsText {
  private final Verification verdict;
  private final MapNames names;

  FactsText(Verification verdict, MapNames names) {
    this.verdict = verdict;
    this.names = names;
  }

  /** A row for each instruction of which something is known. */
  TextTable table() {
    TextTable table = new TextTable("slot", "instruction", "facts");
    Map<Integer, String> texts = texts();
    for (InstructionFacts facts : verdict.facts()) {
      String words = words(facts);
      String text = texts.get(facts.slot());
      if (!words.isEmpty() && text != null) {
        table.row(Integer.toString(facts.slot()), text, words);
      }
    }
    return table;
  }

  void write(JsonGenerator json) throws IOException {
    json.writeArrayFieldStart("facts");
    Map<Integer, String> texts = texts();
    for (InstructionFacts facts : verdict.facts()) {
      String text = texts.get(facts.slot());
      if (text == null) {
        continue;
      }
      json.writeStartObject();
      json.writeNumberField("slot", facts.slot());
      json.writeStringField("disasm", text);
      json.writeBooleanField("dead", facts.dead());
      if (facts.base() != null) {
        json.writeStringField("base", base(facts.base()));
      }
      if (facts.map() != null) {
        json.writeStringField("map", names.ofKernelName(facts.map().spec().name()));
      }
      if (facts.field() != null) {
        json.writeNumberField("field", facts.field().offset());
      }
      if (facts.key() != InstructionFacts.NO_KEY) {
        json.writeNumberField("key", facts.key());
      }
      if (isConditional(facts) && !facts.dead()) {
        json.writeBooleanField("jumps", facts.jumps());
        json.writeBooleanField("falls_through", facts.fallsThrough());
      }
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private Map<Integer, String> texts() {
    Map<Integer, String> texts = new HashMap<>();
    new ProgramText(verdict.program()).lines().forEach(line -> texts.put(line.slot(), line.text()));
    return texts;
  }

  private String words(InstructionFacts facts) {
    if (facts.dead()) {
      return "dead";
    }
    StringBuilder words = new StringBuilder();
    if (facts.base() != null) {
      words.append(base(facts.base()));
    }
    if (facts.map() != null) {
      add(words, "map " + names.ofKernelName(facts.map().spec().name()));
    }
    if (facts.field() != null) {
      add(words, "field at " + facts.field().offset());
    }
    if (facts.key() != InstructionFacts.NO_KEY) {
      add(words, "key " + facts.key());
    }
    if (isConditional(facts) && !facts.jumps()) {
      add(words, "never jumps");
    }
    if (isConditional(facts) && !facts.fallsThrough()) {
      add(words, "always jumps");
    }
    return words.toString();
  }

  private static void add(StringBuilder words, String more) {
    words.append(words.isEmpty() ? "" : ", ").append(more);
  }

  private static String base(InstructionFacts.Pointer pointer) {
    return pointer.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private boolean isConditional(InstructionFacts facts) {
    Instruction instruction = verdict.program().instructions().get(facts.slot());
    int kind = instruction.opcode() & 0x07;
    int operation = instruction.opcode() & 0xf0;
    return (kind == Isa.BPF_JMP || kind == Isa.BPF_JMP32)
        && operation != Isa.BPF_JA
        && operation != Isa.BPF_CALL
        && operation != Isa.BPF_EXIT
        && operation != Isa.BPF_JCOND;
  }
}
