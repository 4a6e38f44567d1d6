package io.ebpf4j.jvm.compiler;

import io.ebpf4j.isa.Isa;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.util.Arrays;

/**
 * The registers of a function as locals of its method. The method's parameters are those that it is
 * given, in order, then R10, then the CPU.
 */
final class Registers {
  private static final int UNUSED = -1;

  private final CodeBuilder code;
  private final int[] locals = new int[Isa.REGISTERS];
  private final int cpu;

  /**
   * Sets up the locals at the start of a method.
   *
   * @param given a bit for each register that is a parameter
   * @param used a bit for each register that the method touches
   */
  Registers(CodeBuilder code, int given, int used) {
    this.code = code;
    Arrays.fill(locals, UNUSED);
    int parameter = 0;
    for (int register = 0; register < Isa.FRAME_POINTER; register++) {
      if ((given & 1 << register) != 0) {
        locals[register] = code.parameterSlot(parameter++);
      }
    }
    locals[Isa.FRAME_POINTER] = code.parameterSlot(parameter++);
    this.cpu = code.parameterSlot(parameter);
    for (int register = 0; register < Isa.REGISTERS; register++) {
      if (locals[register] == UNUSED && (used & 1 << register) != 0) {
        locals[register] = code.allocateLocal(TypeKind.LONG);
        code.lconst_0().lstore(locals[register]);
      }
    }
  }

  /** Puts the registers of a mask on the stack, in order: those that the method has. */
  void loadAll(int mask) {
    for (int register = 0; register < Isa.FRAME_POINTER; register++) {
      if ((mask & 1 << register) != 0) {
        if (locals[register] == UNUSED) {
          code.lconst_0();
        } else {
          load(register);
        }
      }
    }
  }

  /** Puts a register on the stack. */
  void load(int register) {
    code.lload(locals[register]);
  }

  /** Puts the low half of a register on the stack, an int. */
  void loadInt(int register) {
    code.lload(locals[register]).l2i();
  }

  /** Puts the long on the stack into a register. */
  void store(int register) {
    code.lstore(locals[register]);
  }

  /** Puts the int on the stack into a register whose upper half becomes zero. */
  void storeInt(int register) {
    code.i2l().loadConstant(0xffff_ffffL).land().lstore(locals[register]);
  }

  /** Puts the address that a register and an offset make on the stack. */
  void loadAddress(int register, long offset) {
    load(register);
    add(offset);
  }

  /** Adds to the long on the stack. */
  void add(long offset) {
    if (offset != 0) {
      code.loadConstant(offset).ladd();
    }
  }

  /** Puts the CPU on the stack. */
  void loadCpu() {
    code.aload(cpu);
  }

  /** The local that says at which slot a method with several entries begins. */
  int entry() {
    return cpu + 1;
  }
}
