package io.ebpf4j.conformance;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.isa.Assembler;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Programs of a group, from text; {@code r2 = map[name]} names a map. */
final class Programs {
  private Programs() {}

  /** One that gives a number. */
  static Program answering(Kernel kernel, int verdict) {
    return select(kernel, AttachType.SK_REUSEPORT_SELECT, Map.of(), "r0 = " + verdict, "exit");
  }

  /** One of type SK_REUSEPORT. */
  static Program select(
      Kernel kernel, AttachType attachType, Map<String, BpfMap> maps, String... lines) {
    return kernel.loadProgram(
        spec(ProgramType.SK_REUSEPORT, lines).withExpectedAttachType(attachType), maps);
  }

  /** One of type SOCKET_FILTER. */
  static Program filter(Kernel kernel, String... lines) {
    return kernel.loadProgram(spec(ProgramType.SOCKET_FILTER, lines), Map.of());
  }

  static ProgramSpec spec(ProgramType type, String... lines) {
    List<Reference> references = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    List<String> names = new ArrayList<>();
    for (String line : lines) {
      int at = line.indexOf("map[");
      if (at >= 0) {
        names.add(line.substring(at + 4, line.indexOf(']')));
        text.append(line, 0, at).append("0 ll\n");
      } else {
        text.append(line).append('\n');
      }
    }
    List<Instruction> code = Assembler.assemble(text.toString()).instructions();
    int next = 0;
    for (int slot = 0; slot < code.size(); slot++) {
      if ((code.get(slot).opcode() & 0xff) == 0x18) {
        references.add(new Reference.ToMap(slot, names.get(next++)));
      }
    }
    return ProgramSpec.of("select", type, code).withLicense("GPL").withReferences(references);
  }
}
