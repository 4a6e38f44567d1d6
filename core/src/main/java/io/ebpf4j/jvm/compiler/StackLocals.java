package io.ebpf4j.jvm.compiler;

import io.ebpf4j.jvm.compiler.StackCells.Cell;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The cells of a function's frame as locals of its method: longs that hold a cell's bytes
 * zero-extended.
 */
final class StackLocals {
  private static final int NONE = -1;

  private final CodeBuilder code;
  private final Map<Cell, Integer> locals = new HashMap<>();

  /** Sets up the locals at the start of a method. */
  StackLocals(CodeBuilder code, Set<Cell> cells) {
    this.code = code;
    for (Cell cell : cells) {
      int local = code.allocateLocal(TypeKind.LONG);
      code.lconst_0().lstore(local);
      locals.put(cell, local);
    }
  }

  /** Whether a place is one of them. */
  boolean has(Flow.Value base, long offset, int bytes) {
    return local(base, offset, bytes) != NONE;
  }

  /** Puts what a cell holds on the stack: a long, zero- or sign-extended. */
  void load(Flow.Value base, long offset, int bytes, boolean signed) {
    code.lload(local(base, offset, bytes));
    if (signed && bytes < Long.BYTES) {
      int gone = Long.SIZE - bytes * Byte.SIZE;
      code.loadConstant(gone).lshl().loadConstant(gone).lshr();
    }
  }

  /** Puts the low bytes of the long on the stack into a cell. */
  void store(Flow.Value base, long offset, int bytes) {
    if (bytes < Long.BYTES) {
      code.loadConstant((1L << bytes * Byte.SIZE) - 1).land();
    }
    code.lstore(local(base, offset, bytes));
  }

  private int local(Flow.Value base, long offset, int bytes) {
    return base instanceof Flow.Value.Frame(long start)
        ? locals.getOrDefault(new Cell(start + offset, bytes), NONE)
        : NONE;
  }
}
