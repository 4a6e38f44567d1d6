package io.ebpf4j.jvm.verifier;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Instruction;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.ToIntFunction;

/** Which registers an instruction, or one behind it, may still read: those alone are compared. */
final class RegisterLiveness {
  private static final int CALLER_SAVED = 0x3f;
  private static final int ALL_ARGUMENTS = 0x3e;

  private RegisterLiveness() {}

  /**
   * Computes the registers that are live in front of each slot, as bits.
   *
   * @param argumentsOf how many arguments a call takes, or -1
   */
  static int[] compute(List<Instruction> code, Flow flow, ToIntFunction<Instruction> argumentsOf) {
    int size = code.size();
    int[] used = new int[size];
    int[] defined = new int[size];
    int[][] successors = new int[size][];
    List<List<Integer>> predecessors = new ArrayList<>();
    for (int slot = 0; slot < size; slot++) {
      predecessors.add(new ArrayList<>(2));
    }
    for (int slot = 0; slot < size; slot++) {
      Instruction i = code.get(slot);
      used[slot] = used(i, argumentsOf);
      defined[slot] = defined(i);
      successors[slot] = flow.successors(slot);
      for (int next : successors[slot]) {
        predecessors.get(next).add(slot);
      }
      if (i.isWide()) {
        slot++;
        successors[slot] = new int[0];
      }
    }
    int[] live = new int[size];
    boolean[] queued = new boolean[size];
    Deque<Integer> open = new ArrayDeque<>();
    for (int slot = 0; slot < size; slot++) {
      open.push(slot);
      queued[slot] = true;
    }
    while (!open.isEmpty()) {
      int slot = open.pop();
      queued[slot] = false;
      int after = 0;
      for (int next : successors[slot]) {
        after |= live[next];
      }
      int before = (after & ~defined[slot]) | used[slot];
      if (before != live[slot]) {
        live[slot] = before;
        for (int previous : predecessors.get(slot)) {
          if (!queued[previous]) {
            queued[previous] = true;
            open.push(previous);
          }
        }
      }
    }
    return live;
  }

  private static int used(Instruction i, ToIntFunction<Instruction> argumentsOf) {
    int dst = 1 << i.dst();
    int src = 1 << i.src();
    boolean fromRegister = (i.opcode() & BPF_X) != 0;
    return switch (i.instructionClass()) {
      case BPF_ALU, BPF_ALU64 ->
          switch (i.opcode() & 0xf0) {
            case BPF_MOV -> fromRegister ? src : 0;
            case BPF_END, BPF_NEG -> dst;
            default -> fromRegister ? dst | src : dst;
          };
      case BPF_LDX -> src;
      case BPF_ST -> dst;
      case BPF_STX -> {
        if ((i.opcode() & 0xe0) != BPF_ATOMIC) {
          yield dst | src;
        }
        yield switch (i.imm()) {
          case BPF_LOAD_ACQ -> src;
          case BPF_CMPXCHG -> dst | src | 1;
          default -> dst | src;
        };
      }
      case BPF_LD ->
          switch (i.opcode() & 0xe0) {
            case BPF_ABS -> 1 << 6;
            case BPF_IND -> 1 << 6 | src;
            default -> 0;
          };
      default ->
          switch (i.opcode() & 0xf0) {
            case BPF_JA, BPF_JCOND -> 0;
            case BPF_EXIT -> 1;
            case BPF_CALL -> {
              int arguments = argumentsOf.applyAsInt(i);
              yield arguments < 0 ? ALL_ARGUMENTS : (1 << arguments + 1) - 2;
            }
            default -> fromRegister ? dst | src : dst;
          };
    };
  }

  private static int defined(Instruction i) {
    int dst = 1 << i.dst();
    return switch (i.instructionClass()) {
      case BPF_ALU, BPF_ALU64 -> dst;
      case BPF_LDX -> dst;
      case BPF_STX -> {
        if ((i.opcode() & 0xe0) != BPF_ATOMIC) {
          yield 0;
        }
        yield switch (i.imm()) {
          case BPF_LOAD_ACQ -> dst;
          case BPF_CMPXCHG -> 1;
          case BPF_STORE_REL -> 0;
          default -> (i.imm() & BPF_FETCH) != 0 ? 1 << i.src() : 0;
        };
      }
      case BPF_LD -> (i.opcode() & 0xe0) == BPF_IMM ? dst : CALLER_SAVED;
      case BPF_JMP -> (i.opcode() & 0xf0) == BPF_CALL ? CALLER_SAVED : 0;
      default -> 0;
    };
  }
}
