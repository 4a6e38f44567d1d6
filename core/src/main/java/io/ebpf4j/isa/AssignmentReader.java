package io.ebpf4j.isa;

import java.util.List;

/** Reads the instructions that begin with the register that they set. */
final class AssignmentReader {
  private static final List<String> ASSIGNMENTS = Notation.assignments();

  private final Slots slots;
  private final WideLoadReader wideLoads;

  AssignmentReader(Slots slots) {
    this.slots = slots;
    this.wideLoads = new WideLoadReader(slots);
  }

  /** Reads one instruction. */
  void read(SourceLine line) {
    Operands.Register dst = Operands.takeRegister(line);
    if (dst == null) {
      throw line.expected("an instruction");
    }
    String operator = line.takeOneOf(ASSIGNMENTS);
    if (operator == null) {
      throw line.expected("an assignment operator");
    }
    if (operator.equals("=")) {
      readMove(line, dst);
      return;
    }
    int opcode = aluClass(dst) | Notation.aluOperation(operator);
    int offset = operator.equals("s/=") || operator.equals("s%=") ? 1 : 0;
    Operands.Register src = Operands.takeRegister(line, dst.wide());
    if (src != null) {
      slots.emit(opcode | Isa.BPF_X, dst.number(), src.number(), offset, 0);
    } else {
      slots.emit(opcode, dst.number(), 0, offset, Operands.immediate(line));
    }
  }

  private static int aluClass(Operands.Register register) {
    return register.wide() ? Isa.BPF_ALU64 : Isa.BPF_ALU;
  }

  private void readMove(SourceLine line, Operands.Register dst) {
    int opcode = aluClass(dst) | Isa.BPF_MOV | Isa.BPF_X;
    Operands.Register src = Operands.takeRegister(line, dst.wide());
    if (src != null) {
      slots.emit(opcode, dst.number(), src.number(), 0, 0);
    } else if (line.take("(")) {
      int bits =
          8
              * Isa.accessSize(
                  Operands.size(line, Notation.signedSize(line.peekWord()), "s8, s16 or s32"));
      line.expect(")");
      slots.emit(opcode, dst.number(), Operands.register(line, dst.wide()).number(), bits, 0);
    } else if (line.takeNegation()) {
      line.expectWord(dst.toString());
      slots.emit(aluClass(dst) | Isa.BPF_NEG, dst.number(), 0, 0, 0);
    } else if (!dst.wide()) {
      slots.emit(aluClass(dst) | Isa.BPF_MOV, dst.number(), 0, 0, Operands.immediate(line));
    } else {
      readWideMove(line, dst);
    }
  }

  private void readWideMove(SourceLine line, Operands.Register dst) {
    int number = dst.number();
    if (line.take("*")) {
      readLoad(line, number);
      return;
    }
    if (line.take("&")) {
      for (String symbol : List.of("(", "void", "__percpu", "*", ")", "(")) {
        line.expect(symbol);
      }
      int src = Operands.registerNumber(line);
      line.expect(")");
      slots.emit(Isa.BPF_ALU64 | Isa.BPF_MOV | Isa.BPF_X, number, src, Isa.BPF_ADDR_PERCPU, 0);
      return;
    }
    String word = line.peekWord();
    switch (word) {
      case "" -> wideLoads.readNumber(line, number);
      case "le16", "le32", "le64" -> readSwap(line, dst, Isa.BPF_ALU | Isa.BPF_TO_LE);
      case "be16", "be32", "be64" -> readSwap(line, dst, Isa.BPF_ALU | Isa.BPF_TO_BE);
      case "bswap16", "bswap32", "bswap64" -> readSwap(line, dst, Isa.BPF_ALU64);
      case "map" -> {
        line.expectWord("map");
        wideLoads.readMap(line, number);
      }
      case "btf" -> {
        line.expectWord("btf");
        wideLoads.readBtf(line, number);
      }
      case "subprog" -> {
        line.expectWord("subprog");
        wideLoads.readFunction(line, number);
      }
      case "addr_space_cast" -> {
        line.expectWord("addr_space_cast");
        readAddressSpaceCast(line, number);
      }
      case "load_acquire" -> {
        line.expectWord("load_acquire");
        line.expect("(");
        Operands.Pointer pointer = Operands.pointer(line);
        line.expect(")");
        slots.emitAtomic(
            pointer.size(), number, pointer.base(), pointer.offset(), Isa.BPF_LOAD_ACQ);
      }
      default -> {
        if (!word.startsWith("atomic")) {
          throw line.expected("a value for r" + number);
        }
        readFetch(line, dst, word);
      }
    }
  }

  private void readSwap(SourceLine line, Operands.Register register, int opcode) {
    String word = line.word("a byte swap");
    int width = Integer.parseInt(word.substring(word.length() - 2));
    line.expectWord(register.toString());
    slots.emit(opcode | Isa.BPF_END, register.number(), 0, 0, width);
  }

  private void readAddressSpaceCast(SourceLine line, int dst) {
    line.expect("(");
    int src = Operands.registerNumber(line);
    line.expect(",");
    long to = line.number("an address space", 0, 0xffff);
    line.expect(",");
    long from = line.number("an address space", 0, 0xffff);
    line.expect(")");
    int opcode = Isa.BPF_ALU64 | Isa.BPF_MOV | Isa.BPF_X;
    slots.emit(opcode, dst, src, Isa.BPF_ADDR_SPACE_CAST, (int) (to << 16 | from));
  }

  private void readLoad(SourceLine line, int dst) {
    line.expect("(");
    String type = line.peekWord();
    int signed = Notation.signedSize(type);
    int size =
        signed >= 0
            ? Operands.size(line, signed, type)
            : Operands.size(line, Notation.unsignedSize(type), "a type");
    line.expect("*");
    line.expect(")");
    if (line.takeWord("skb")) {
      if (dst != 0 || signed >= 0) {
        throw line.error("a packet load is r0 = *(u8, u16 or u32 *)skb[…]");
      }
      readPacketLoad(line, size);
      return;
    }
    Operands.Pointer pointer = Operands.place(line, size);
    int mode = signed >= 0 ? Isa.BPF_MEMSX : Isa.BPF_MEM;
    slots.emit(Isa.BPF_LDX | mode | size, dst, pointer.base(), pointer.offset(), 0);
  }

  private void readPacketLoad(SourceLine line, int size) {
    if (size == Isa.BPF_DW) {
      throw line.error("a packet load is of type u8, u16 or u32");
    }
    line.expect("[");
    Operands.Register index = Operands.takeRegister(line, true);
    if (index != null) {
      line.expect("+");
    }
    int imm = Operands.immediate(line);
    line.expect("]");
    int mode = index == null ? Isa.BPF_ABS : Isa.BPF_IND;
    slots.emit(Isa.BPF_LD | mode | size, 0, index == null ? 0 : index.number(), 0, imm);
  }

  private void readFetch(SourceLine line, Operands.Register dst, String word) {
    boolean is64 = word.startsWith("atomic64");
    int operation =
        switch (word.substring(is64 ? "atomic64".length() : "atomic".length())) {
          case "_fetch_add" -> Isa.BPF_ADD | Isa.BPF_FETCH;
          case "_fetch_and" -> Isa.BPF_AND | Isa.BPF_FETCH;
          case "_fetch_or" -> Isa.BPF_OR | Isa.BPF_FETCH;
          case "_fetch_xor" -> Isa.BPF_XOR | Isa.BPF_FETCH;
          case "_xchg" -> Isa.BPF_XCHG;
          case "_cmpxchg" -> Isa.BPF_CMPXCHG;
          default -> throw line.expected("an atomic operation");
        };
    if (operation == Isa.BPF_CMPXCHG && dst.number() != 0) {
      throw line.error("a compare and exchange answers in r0");
    }
    line.expectWord(word);
    line.expect("(");
    int column = line.column();
    Operands.Pointer pointer = Operands.pointer(line);
    if (is64 != (pointer.size() == Isa.BPF_DW)) {
      throw line.error(column, "atomic64 goes with u64, and atomic with the other types");
    }
    line.expect(",");
    int src = dst.number();
    if (operation == Isa.BPF_CMPXCHG) {
      line.expectWord("r0");
      line.expect(",");
      src = Operands.registerNumber(line);
    } else {
      line.expectWord(dst.toString());
    }
    line.expect(")");
    slots.emitAtomic(pointer.size(), pointer.base(), src, pointer.offset(), operation);
  }
}
