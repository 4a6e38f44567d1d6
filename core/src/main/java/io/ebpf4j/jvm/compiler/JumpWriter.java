package io.ebpf4j.jvm.compiler;

import static io.ebpf4j.isa.Isa.*;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;

import io.ebpf4j.isa.Instruction;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;

/** Writes conditional jumps (RFC 9669 section 4.3). */
final class JumpWriter {
  private static final MethodTypeDesc COMPARE_LONGS = MethodTypeDesc.of(CD_int, CD_long, CD_long);
  private static final MethodTypeDesc COMPARE_INTS = MethodTypeDesc.of(CD_int, CD_int, CD_int);

  private final CodeBuilder code;
  private final Registers registers;

  JumpWriter(CodeBuilder code, Registers registers) {
    this.code = code;
    this.registers = registers;
  }

  /** Goes to the label where the condition holds. */
  void write(Instruction i, Label target) {
    if (i.instructionClass() == BPF_JMP) {
      write64(i, i.opcode() & 0xf0, target);
    } else {
      write32(i, i.opcode() & 0xf0, target);
    }
  }

  private void write64(Instruction i, int condition, Label target) {
    registers.load(i.dst());
    if ((i.opcode() & BPF_X) != 0) {
      registers.load(i.src());
    } else {
      code.loadConstant((long) i.imm());
    }
    switch (condition) {
      case BPF_JSET -> code.land().lconst_0().lcmp().ifne(target);
      case BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE ->
          code.invokestatic(ClassDesc.of("java.lang.Long"), "compareUnsigned", COMPARE_LONGS)
              .branch(againstZero(condition), target);
      default -> code.lcmp().branch(againstZero(condition), target);
    }
  }

  private void write32(Instruction i, int condition, Label target) {
    registers.loadInt(i.dst());
    if ((i.opcode() & BPF_X) != 0) {
      registers.loadInt(i.src());
    } else {
      code.loadConstant(i.imm());
    }
    switch (condition) {
      case BPF_JSET -> code.iand().ifne(target);
      case BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE ->
          code.invokestatic(ClassDesc.of("java.lang.Integer"), "compareUnsigned", COMPARE_INTS)
              .branch(againstZero(condition), target);
      default -> code.branch(ofInts(condition), target);
    }
  }

  private static Opcode againstZero(int condition) {
    return switch (condition) {
      case BPF_JEQ -> Opcode.IFEQ;
      case BPF_JNE -> Opcode.IFNE;
      case BPF_JGT, BPF_JSGT -> Opcode.IFGT;
      case BPF_JGE, BPF_JSGE -> Opcode.IFGE;
      case BPF_JLT, BPF_JSLT -> Opcode.IFLT;
      case BPF_JLE, BPF_JSLE -> Opcode.IFLE;
      default -> throw new IllegalArgumentException("no condition: " + condition);
    };
  }

  private static Opcode ofInts(int condition) {
    return switch (condition) {
      case BPF_JEQ -> Opcode.IF_ICMPEQ;
      case BPF_JNE -> Opcode.IF_ICMPNE;
      case BPF_JSGT -> Opcode.IF_ICMPGT;
      case BPF_JSGE -> Opcode.IF_ICMPGE;
      case BPF_JSLT -> Opcode.IF_ICMPLT;
      case BPF_JSLE -> Opcode.IF_ICMPLE;
      default -> throw new IllegalArgumentException("no condition: " + condition);
    };
  }
}
