package io.ebpf4j.isa;

/** Reads what a 64-bit register can be set to by number or name, most of it in two slots. */
final class WideLoadReader {
  private final Slots slots;

  WideLoadReader(Slots slots) {
    this.slots = slots;
  }

  void readMap(SourceLine line, int dst) {
    line.expect("[");
    if (line.take("idx:")) {
      int index = Operands.unsigned(line, "a map's index");
      line.expect("]");
      boolean value = line.take("+");
      int kind = value ? Isa.BPF_PSEUDO_MAP_IDX_VALUE : Isa.BPF_PSEUDO_MAP_IDX;
      slots.emitWide(dst, kind, index, value ? Operands.unsigned(line, "an offset") : 0);
      return;
    }
    boolean byId = line.take("id:");
    int id = byId ? Operands.unsigned(line, "a map's id") : 0;
    String name = byId ? "" : line.bracketed("a map's name");
    line.expect("]");
    boolean value = line.take("[");
    if (!byId) {
      Assembly.Kind kind = value ? Assembly.Kind.MAP_VALUE : Assembly.Kind.MAP;
      slots.refer(kind, name);
    }
    int offset = 0;
    if (value) {
      line.expect("0");
      line.expect("]");
      line.expect("+");
      offset = Operands.unsigned(line, "an offset");
    }
    slots.emitWide(dst, value ? Isa.BPF_PSEUDO_MAP_VALUE : Isa.BPF_PSEUDO_MAP_FD, id, offset);
  }

  void readBtf(SourceLine line, int dst) {
    line.expect("[");
    int id = 0;
    if (line.take("id:")) {
      id = Operands.unsigned(line, "a BTF id");
    } else {
      String name = line.bracketed("a BTF variable's name");
      slots.refer(Assembly.Kind.BTF, name);
    }
    int module = 0;
    if (line.take(",")) {
      line.expect("fd:");
      module = Operands.unsigned(line, "a module's BTF descriptor");
    }
    line.expect("]");
    slots.emitWide(dst, Isa.BPF_PSEUDO_BTF_ID, id, module);
  }

  void readFunction(SourceLine line, int dst) {
    line.expect("[");
    int distance = 0;
    if (line.nextIsNumber()) {
      distance = Operands.distance(line);
    } else {
      slots.useLabel(line, LabelUse.Kind.FUNCTION);
    }
    line.expect("]");
    slots.emitWide(dst, Isa.BPF_PSEUDO_FUNC, distance, 0);
  }

  void readNumber(SourceLine line, int dst) {
    int mark = line.mark();
    boolean wide = line.nextIsHexadecimal();
    if (!line.nextIsNumber()) {
      throw line.expected("a value for r" + dst);
    }
    long value = line.wideNumber();
    if (line.takeWord("ll") || wide) {
      slots.emitWide(dst, 0, (int) value, (int) (value >>> 32));
      return;
    }
    line.reset(mark);
    slots.emit(Isa.BPF_ALU64 | Isa.BPF_MOV, dst, 0, 0, Operands.immediate(line));
  }
}
