package io.ebpf4j.isa;

import java.util.ArrayList;
import java.util.List;

/** The slots assembled so far, and the names in them that are not resolved yet. */
final class Slots {
  private final List<Instruction> instructions = new ArrayList<>();
  private final List<Assembly.Reference> references = new ArrayList<>();
  private final List<LabelUse> labelUses = new ArrayList<>();

  List<Instruction> instructions() {
    return instructions;
  }

  List<Assembly.Reference> references() {
    return references;
  }

  List<LabelUse> labelUses() {
    return labelUses;
  }

  int nextSlot() {
    return instructions.size();
  }

  void emit(Instruction slot) {
    instructions.add(slot);
  }

  void emit(int opcode, int dst, int src, int offset, int imm) {
    emit(new Instruction(opcode, dst, src, offset, imm));
  }

  void emitAtomic(int size, int dst, int src, int offset, int operation) {
    emit(Isa.BPF_STX | Isa.BPF_ATOMIC | size, dst, src, offset, operation);
  }

  void emitWide(int dst, int kind, int imm, int next) {
    emit(Isa.BPF_LD | Isa.BPF_IMM | Isa.BPF_DW, dst, kind, 0, imm);
    emit(0, 0, 0, 0, next);
  }

  /** Notes a name that stands for the immediate of the next slot. */
  void refer(Assembly.Kind kind, String name) {
    references.add(new Assembly.Reference(nextSlot(), kind, name));
  }

  /** Reads a label that the next slot goes to. */
  void useLabel(SourceLine line, LabelUse.Kind kind) {
    int column = line.column();
    String label = line.word("a label");
    labelUses.add(new LabelUse(nextSlot(), kind, label, line.number(), column));
  }
}
