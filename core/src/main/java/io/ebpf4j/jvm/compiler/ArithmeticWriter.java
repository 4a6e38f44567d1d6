package io.ebpf4j.jvm.compiler;

import static io.ebpf4j.isa.Isa.*;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_short;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.cpu.Arithmetic;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;

/** Writes arithmetic (RFC 9669 section 4.1 and 4.2). Java's shifts take the low bits, as eBPF's. */
final class ArithmeticWriter {
  private static final ClassDesc ARITHMETIC = ClassDesc.of(Arithmetic.class.getName());
  private static final ClassDesc LONG = ClassDesc.of("java.lang.Long");
  private static final ClassDesc INTEGER = ClassDesc.of("java.lang.Integer");
  private static final ClassDesc SHORT = ClassDesc.of("java.lang.Short");

  private final CodeBuilder code;
  private final Registers registers;

  ArithmeticWriter(CodeBuilder code, Registers registers) {
    this.code = code;
    this.registers = registers;
  }

  void write(Instruction i) {
    boolean wide = i.instructionClass() == BPF_ALU64;
    int operation = i.opcode() & 0xf0;
    if (operation == BPF_END) {
      byteOrder(i, wide);
    } else if (wide) {
      write64(i, operation);
    } else {
      write32(i, operation);
    }
  }

  private void write64(Instruction i, int operation) {
    if (operation == BPF_MOV) {
      operand64(i);
      switch (i.offset()) {
        case 8 -> code.l2i().i2b().i2l();
        case 16 -> code.l2i().i2s().i2l();
        case 32 -> code.l2i().i2l();
        default -> {}
      }
      registers.store(i.dst());
      return;
    }
    registers.load(i.dst());
    switch (operation) {
      case BPF_NEG -> code.lneg();
      case BPF_LSH, BPF_RSH, BPF_ARSH -> {
        operand32(i);
        switch (operation) {
          case BPF_LSH -> code.lshl();
          case BPF_RSH -> code.lushr();
          default -> code.lshr();
        }
      }
      default -> {
        operand64(i);
        switch (operation) {
          case BPF_ADD -> code.ladd();
          case BPF_SUB -> code.lsub();
          case BPF_MUL -> code.lmul();
          case BPF_OR -> code.lor();
          case BPF_AND -> code.land();
          case BPF_XOR -> code.lxor();
          default -> divide(i, operation, CD_long);
        }
      }
    }
    registers.store(i.dst());
  }

  private void write32(Instruction i, int operation) {
    if (operation == BPF_MOV && (i.opcode() & BPF_X) == 0) {
      code.loadConstant(Integer.toUnsignedLong(i.imm()));
      registers.store(i.dst());
      return;
    }
    if (operation == BPF_MOV) {
      operand32(i);
      switch (i.offset()) {
        case 8 -> code.i2b();
        case 16 -> code.i2s();
        default -> {}
      }
      registers.storeInt(i.dst());
      return;
    }
    registers.loadInt(i.dst());
    if (operation == BPF_NEG) {
      code.ineg();
    } else {
      operand32(i);
      switch (operation) {
        case BPF_ADD -> code.iadd();
        case BPF_SUB -> code.isub();
        case BPF_MUL -> code.imul();
        case BPF_OR -> code.ior();
        case BPF_AND -> code.iand();
        case BPF_XOR -> code.ixor();
        case BPF_LSH -> code.ishl();
        case BPF_RSH -> code.iushr();
        case BPF_ARSH -> code.ishr();
        default -> divide(i, operation, CD_int);
      }
    }
    registers.storeInt(i.dst());
  }

  /** Division: by a constant, which is never zero, by the JDK's own intrinsics. */
  private void divide(Instruction i, int operation, ClassDesc type) {
    boolean signed = i.offset() == 1;
    boolean quotient = operation == BPF_DIV;
    MethodTypeDesc method = MethodTypeDesc.of(type, type, type);
    boolean constant = (i.opcode() & BPF_X) == 0 && i.imm() != 0;
    if (!constant) {
      String name = quotient ? "divide" : "modulo";
      String signedName = quotient ? "signedDivide" : "signedModulo";
      code.invokestatic(ARITHMETIC, signed ? signedName : name, method);
    } else if (!signed) {
      code.invokestatic(
          type == CD_long ? LONG : INTEGER,
          quotient ? "divideUnsigned" : "remainderUnsigned",
          method);
    } else if (type == CD_long) {
      if (quotient) {
        code.ldiv();
      } else {
        code.lrem();
      }
    } else if (quotient) {
      code.idiv();
    } else {
      code.irem();
    }
  }

  /** Of this little-endian host: to little-endian cuts, to big-endian and bswap reverse. */
  private void byteOrder(Instruction i, boolean swap) {
    boolean reverses = swap || (i.opcode() & BPF_X) == BPF_TO_BE;
    int bits = i.imm();
    if (!reverses && bits == Long.SIZE) {
      return;
    }
    registers.load(i.dst());
    if (!reverses) {
      code.loadConstant((1L << bits) - 1).land();
    } else if (bits == Long.SIZE) {
      code.invokestatic(LONG, "reverseBytes", MethodTypeDesc.of(CD_long, CD_long));
    } else if (bits == Integer.SIZE) {
      code.l2i().invokestatic(INTEGER, "reverseBytes", MethodTypeDesc.of(CD_int, CD_int));
      registers.storeInt(i.dst());
      return;
    } else {
      code.l2i()
          .i2s()
          .invokestatic(SHORT, "reverseBytes", MethodTypeDesc.of(CD_short, CD_short))
          .i2l()
          .loadConstant(0xffffL)
          .land();
    }
    registers.store(i.dst());
  }

  private void operand64(Instruction i) {
    if ((i.opcode() & BPF_X) != 0) {
      registers.load(i.src());
    } else {
      code.loadConstant((long) i.imm());
    }
  }

  private void operand32(Instruction i) {
    if ((i.opcode() & BPF_X) != 0) {
      registers.loadInt(i.src());
    } else {
      code.loadConstant(i.imm());
    }
  }
}
