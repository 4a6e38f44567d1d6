package io.ebpf4j.jvm.compiler;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.cpu.FunctionPointer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.TreeMap;

/**
 * The functions of a program: its main function at slot 0, and all that is called or pointed to.
 */
final class Functions {
  private final List<Instruction> instructions;
  private final TreeMap<Integer, Function> byStart = new TreeMap<>();

  /**
   * A function.
   *
   * @param start its first slot
   * @param end the slot behind its last
   * @param targets slots that its jumps lead to
   * @param calledBack whether the program takes its address
   */
  record Function(int start, int end, BitSet targets, boolean calledBack) {}

  private Functions(List<Instruction> instructions) {
    this.instructions = instructions;
  }

  /** Finds the functions of a program whose references have been resolved. */
  static Functions of(List<Instruction> instructions) {
    Functions functions = new Functions(instructions);
    functions.find();
    return functions;
  }

  /** All of them, in the order of their slots; the first is the main function. */
  List<Function> all() {
    return new ArrayList<>(byStart.values());
  }

  /** The slots of a wide load of a function pointer, or -1. */
  static int pointedTo(List<Instruction> instructions, int slot) {
    Instruction i = instructions.get(slot);
    return i.isWide() && i.src() == BPF_PSEUDO_FUNC ? slot + 1 + i.imm() : -1;
  }

  /** The value of a wide load. */
  static long wideValue(List<Instruction> instructions, int slot) {
    Instruction i = instructions.get(slot);
    if (i.src() == BPF_PSEUDO_FUNC) {
      return FunctionPointer.of(slot + 1 + i.imm());
    }
    return Integer.toUnsignedLong(i.imm())
        | (long) instructions.get(slot + 1).imm() << Integer.SIZE;
  }

  /** Whether the slot calls a function of the program. */
  static boolean isCall(Instruction i) {
    return i.opcode() == (BPF_JMP | BPF_CALL) && i.src() == BPF_PSEUDO_CALL;
  }

  /** Whether the slot calls a helper. */
  static boolean isHelperCall(Instruction i) {
    return i.opcode() == (BPF_JMP | BPF_CALL) && i.src() == 0;
  }

  /** Whether the slot calls a kernel function by its BTF type. */
  static boolean isKfuncCall(Instruction i) {
    return i.opcode() == (BPF_JMP | BPF_CALL) && i.src() == BPF_PSEUDO_KFUNC_CALL;
  }

  /** Where a jump at a slot leads, or -1 where the instruction is no jump. */
  static int target(Instruction i, int slot) {
    int kind = i.instructionClass();
    if (kind != BPF_JMP && kind != BPF_JMP32) {
      return -1;
    }
    return switch (i.opcode() & 0xf0) {
      case BPF_CALL, BPF_EXIT -> -1;
      case BPF_JA -> slot + 1 + (kind == BPF_JMP ? i.offset() : i.imm());
      default -> slot + 1 + i.offset();
    };
  }

  private void find() {
    BitSet starts = new BitSet();
    BitSet calledBack = new BitSet();
    starts.set(0);
    for (int slot = 0; slot < instructions.size(); slot++) {
      Instruction i = instructions.get(slot);
      if (isCall(i)) {
        starts.set(slot + 1 + i.imm());
      }
      int pointed = pointedTo(instructions, slot);
      if (pointed >= 0) {
        starts.set(pointed);
        calledBack.set(pointed);
      }
      if (i.isWide()) {
        slot++;
      }
    }
    for (int start = 0; start >= 0; start = starts.nextSetBit(start + 1)) {
      int next = starts.nextSetBit(start + 1);
      int end = next < 0 ? instructions.size() : next;
      byStart.put(start, new Function(start, end, targets(start, end), calledBack.get(start)));
    }
  }

  private BitSet targets(int start, int end) {
    BitSet targets = new BitSet();
    for (int slot = start; slot < end; slot++) {
      Instruction i = instructions.get(slot);
      int target = target(i, slot);
      if (target >= 0) {
        targets.set(target);
      }
      if (i.isWide()) {
        slot++;
      }
    }
    return targets;
  }
}
