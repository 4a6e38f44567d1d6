package io.ebpf4j.isa;

import java.util.List;

/** Reads one instruction's text after the other into slots. */
final class StatementReader {
  private static final List<String> COMPARISONS = Notation.comparisons();

  private final Slots slots;
  private final AssignmentReader assignments;

  StatementReader(Slots slots) {
    this.slots = slots;
    this.assignments = new AssignmentReader(slots);
  }

  /** Reads one instruction. */
  void read(SourceLine line) {
    if (line.take("*")) {
      readStore(line);
      return;
    }
    switch (line.peekWord()) {
      case "exit" -> {
        line.expectWord("exit");
        slots.emit(Isa.BPF_JMP | Isa.BPF_EXIT, 0, 0, 0, 0);
      }
      case "goto" -> {
        line.expectWord("goto");
        readTarget(line, Isa.BPF_JMP | Isa.BPF_JA, 0, 0, 0);
      }
      case "may_goto" -> {
        line.expectWord("may_goto");
        readTarget(line, Isa.BPF_JMP | Isa.BPF_JCOND, 0, Isa.BPF_MAY_GOTO, 0);
      }
      case "gotol" -> {
        line.expectWord("gotol");
        readLongTarget(line);
      }
      case "if" -> {
        line.expectWord("if");
        readConditionalJump(line);
      }
      case "call" -> {
        line.expectWord("call");
        readCall(line);
      }
      case "callx" -> {
        line.expectWord("callx");
        slots.emit(Isa.CALLX, Operands.registerNumber(line), 0, 0, 0);
      }
      case "lock" -> {
        line.expectWord("lock");
        readLocked(line);
      }
      case "store_release" -> {
        line.expectWord("store_release");
        readStoreRelease(line);
      }
      case "nospec" -> {
        line.expectWord("nospec");
        slots.emit(Isa.NOSPEC, 0, 0, 0, 0);
      }
      case "unknown" -> {
        line.expectWord("unknown");
        slots.emit(Instruction.of(line.wideNumber()));
      }
      default -> assignments.read(line);
    }
  }

  private void readStore(SourceLine line) {
    Operands.Pointer pointer = Operands.pointer(line);
    line.expect("=");
    Operands.Register src = Operands.takeRegister(line, true);
    int opcode = Isa.BPF_MEM | pointer.size();
    if (src != null) {
      slots.emit(opcode | Isa.BPF_STX, pointer.base(), src.number(), pointer.offset(), 0);
    } else {
      slots.emit(
          opcode | Isa.BPF_ST, pointer.base(), 0, pointer.offset(), Operands.immediate(line));
    }
  }

  private void readStoreRelease(SourceLine line) {
    line.expect("(");
    Operands.Pointer pointer = Operands.pointer(line);
    line.expect(",");
    int src = Operands.registerNumber(line);
    line.expect(")");
    slots.emitAtomic(pointer.size(), pointer.base(), src, pointer.offset(), Isa.BPF_STORE_REL);
  }

  private void readLocked(SourceLine line) {
    line.expect("*");
    Operands.Pointer pointer = Operands.pointer(line);
    String operator = line.takeOneOf(List.of("+=", "&=", "|=", "^="));
    if (operator == null) {
      throw line.expected("+=, &=, |= or ^=");
    }
    int operation = Notation.aluOperation(operator);
    slots.emitAtomic(
        pointer.size(), pointer.base(), Operands.registerNumber(line), pointer.offset(), operation);
  }

  private void readConditionalJump(SourceLine line) {
    Operands.Register dst = Operands.takeRegister(line);
    if (dst == null) {
      throw line.expected("a register");
    }
    String comparison = line.takeOneOf(COMPARISONS);
    if (comparison == null) {
      throw line.expected("a comparison");
    }
    int opcode = dst.wide() ? Isa.BPF_JMP : Isa.BPF_JMP32;
    opcode |= Notation.jumpOperation(comparison);
    Operands.Register src = Operands.takeRegister(line, dst.wide());
    int imm = src == null ? Operands.immediate(line) : 0;
    line.expectWord("goto");
    if (src != null) {
      readTarget(line, opcode | Isa.BPF_X, dst.number(), src.number(), 0);
    } else {
      readTarget(line, opcode, dst.number(), 0, imm);
    }
  }

  /** What bpftool writes behind the distance: the function's name or address. */
  private static void skipFunctionName(SourceLine line) {
    if (line.nextIsNumber()) {
      line.wideNumber();
    } else {
      line.word("a function's name or address");
    }
  }

  private void readTarget(SourceLine line, int opcode, int dst, int src, int imm) {
    int offset = 0;
    if (line.takeWord("pc") || line.nextIsNumber()) {
      offset = (int) line.number("a jump's offset", Short.MIN_VALUE, Short.MAX_VALUE);
    } else {
      slots.useLabel(line, LabelUse.Kind.JUMP);
    }
    slots.emit(opcode, dst, src, offset, imm);
  }

  private void readLongTarget(SourceLine line) {
    int distance = 0;
    if (line.takeWord("pc") || line.nextIsNumber()) {
      distance = Operands.distance(line);
    } else {
      slots.useLabel(line, LabelUse.Kind.LONG_JUMP);
    }
    slots.emit(Isa.BPF_JMP32 | Isa.BPF_JA, 0, 0, 0, distance);
  }

  private void readCall(SourceLine line) {
    int kind = 0;
    int imm = 0;
    if (line.takeWord("pc")) {
      kind = Isa.BPF_PSEUDO_CALL;
      imm = Operands.distance(line);
      if (line.take("#")) {
        skipFunctionName(line);
      }
    } else if (line.take("kernel-function")) {
      kind = Isa.BPF_PSEUDO_KFUNC_CALL;
      line.expect("#");
      if (line.nextIsNumber()) {
        imm = Operands.distance(line);
      } else {
        String name = line.word("a kernel function's name");
        Assembly.Kind named = Assembly.Kind.KERNEL_FUNCTION;
        slots.refer(named, name);
      }
    } else if (line.nextIsNumber()) {
      imm = Operands.distance(line);
    } else {
      int mark = line.mark();
      line.word("a function's name");
      if (line.take("#")) {
        imm = Operands.distance(line);
      } else {
        line.reset(mark);
        slots.useLabel(line, LabelUse.Kind.CALL);
      }
    }
    slots.emit(Isa.BPF_JMP | Isa.BPF_CALL, 0, kind, 0, imm);
  }
}
