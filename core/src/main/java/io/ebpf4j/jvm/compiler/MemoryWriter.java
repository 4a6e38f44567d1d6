package io.ebpf4j.jvm.compiler;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.ContextLayout.Field;
import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.util.OptionalLong;

/** Writes loads, stores and atomic operations (RFC 9669 section 5). */
final class MemoryWriter {
  private static final int R0 = 0;

  private final CodeBuilder code;
  private final Registers registers;
  private final StackLocals stack;
  private final FunctionShape function;
  private final RawAccess access;
  private final ClassDesc owner;
  private final ContextLayout context;

  MemoryWriter(CodeBuilder code, Registers registers, StackLocals stack, FunctionShape function) {
    this.code = code;
    this.registers = registers;
    this.stack = stack;
    this.function = function;
    this.access = function.program().access();
    this.owner = function.program().owner();
    this.context = function.program().source().context();
  }

  /** A load from memory that is what it looks like. */
  void load(int slot, Instruction i) {
    int size = accessSize(i.opcode());
    boolean signed = (i.opcode() & 0xe0) == BPF_MEMSX;
    Flow.Value base = function.value(slot, i.src());
    if (stack.has(base, i.offset(), size)) {
      stack.load(base, i.offset(), size, signed);
    } else if (!loadConstant(base, i.offset(), size, signed)) {
      begin(i.src(), i.offset());
      access.load(code, size, signed);
    }
    registers.store(i.dst());
  }

  /** A store to memory that is what it looks like. */
  void store(int slot, Instruction i) {
    int size = accessSize(i.opcode());
    Flow.Value base = function.value(slot, i.dst());
    if (stack.has(base, i.offset(), size)) {
      value(i);
      stack.store(base, i.offset(), size);
    } else {
      begin(i.dst(), i.offset());
      value(i);
      access.store(code, size);
    }
  }

  private boolean loadConstant(Flow.Value base, int offset, int size, boolean signed) {
    if (!(base instanceof Flow.Value.Constant(long address))) {
      return false;
    }
    OptionalLong value = function.program().constantAt(address + offset, size);
    if (value.isEmpty()) {
      return false;
    }
    int gone = Long.SIZE - size * Byte.SIZE;
    long number = value.getAsLong();
    code.loadConstant(signed ? number << gone >> gone : number);
    return true;
  }

  /** A load of a context field: of what the field really is. */
  void loadContext(Instruction i) {
    int size = accessSize(i.opcode());
    boolean signed = (i.opcode() & 0xe0) == BPF_MEMSX;
    Field field = field(i, size);
    if (field.kind() != ContextLayout.Kind.SCALAR) {
      begin(i.src(), field.realOffset());
      access.load(code, field.realSize(), false);
    } else {
      int skip = i.offset() - field.offset();
      if (field.realSize() == field.size()) {
        begin(i.src(), field.realOffset() + skip);
        access.load(code, size, signed);
      } else {
        begin(i.src(), field.realOffset());
        access.load(code, field.realSize(), false);
        cut(skip, size, signed);
      }
    }
    registers.store(i.dst());
  }

  /** A store to a context field. */
  void storeContext(Instruction i) {
    int size = accessSize(i.opcode());
    Field field = field(i, size);
    if (field.realSize() == field.size()) {
      begin(i.dst(), field.realOffset() + i.offset() - field.offset());
      value(i);
      access.store(code, size);
      return;
    }
    begin(i.dst(), field.realOffset());
    value(i);
    cut(0, size, false);
    access.store(code, field.realSize());
  }

  /** An atomic operation. */
  void atomic(Instruction i) {
    int size = accessSize(i.opcode());
    switch (i.imm()) {
      case BPF_LOAD_ACQ -> {
        begin(i.src(), i.offset());
        access.loadAcquire(code, size);
        registers.store(i.dst());
      }
      case BPF_STORE_REL -> {
        begin(i.dst(), i.offset());
        registers.load(i.src());
        access.storeRelease(code, size);
      }
      case BPF_CMPXCHG -> {
        begin(i.dst(), i.offset());
        operand(R0, size);
        operand(i.src(), size);
        access.atomic(code, "compareAndExchange", size, 2);
        old(R0, size);
      }
      default -> {
        begin(i.dst(), i.offset());
        operand(i.src(), size);
        access.atomic(code, operation(i), size, 1);
        if ((i.imm() & BPF_FETCH) != 0) {
          old(i.src(), size);
        } else if (size == Long.BYTES) {
          code.pop2();
        } else {
          code.pop();
        }
      }
    }
  }

  private static String operation(Instruction i) {
    if (i.imm() == BPF_XCHG) {
      return "getAndSet";
    }
    return switch (i.imm() & ~BPF_FETCH) {
      case BPF_OR -> "getAndBitwiseOr";
      case BPF_AND -> "getAndBitwiseAnd";
      case BPF_XOR -> "getAndBitwiseXor";
      default -> "getAndAdd";
    };
  }

  private void begin(int register, long offset) {
    access.begin(code, owner);
    registers.loadAddress(register, offset);
  }

  private void value(Instruction i) {
    if (i.instructionClass() == Isa.BPF_ST) {
      code.loadConstant((long) i.imm());
    } else {
      registers.load(i.src());
    }
  }

  private void operand(int register, int size) {
    if (size == Long.BYTES) {
      registers.load(register);
    } else {
      registers.loadInt(register);
    }
  }

  private void old(int register, int size) {
    if (size == Long.BYTES) {
      registers.store(register);
    } else {
      registers.storeInt(register);
    }
  }

  /** Takes bytes out of the long on the stack. */
  private void cut(int skip, int size, boolean signed) {
    if (skip > 0) {
      code.loadConstant(skip * Byte.SIZE).lushr();
    }
    if (size == Long.BYTES) {
      return;
    }
    if (!signed) {
      code.loadConstant((1L << size * Byte.SIZE) - 1).land();
      return;
    }
    int gone = Long.SIZE - size * Byte.SIZE;
    code.loadConstant(gone).lshl().loadConstant(gone).lshr();
  }

  private Field field(Instruction i, int size) {
    return context
        .fieldAt(i.offset(), size)
        .orElseThrow(() ->
            new IllegalStateException(
                "struct %s has no field of %d bytes at %d"
                    .formatted(context.struct(), size, i.offset())));
  }
}
