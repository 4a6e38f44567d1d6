package io.ebpf4j.jvm.verifier;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.helper.KfuncFlag;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.TreeSet;

/**
 * How control flows through a program that {@link io.ebpf4j.isa.InstructionCheck} has accepted: its
 * functions, where states are kept for comparison, which instructions lie in a loop.
 */
final class Flow {
  private static final int[] NONE = {};
  private static final int TAIL_CALL = 12;

  private static final int DISCOVERED = 0x10;
  private static final int EXPLORED = 0x20;
  private static final int FALLTHROUGH = 1;
  private static final int BRANCH = 2;

  private final List<Instruction> code;
  private final int[] functionStarts;
  private final boolean backEdges;

  /** Slots at which a walk looks whether a state like its own was there before. */
  final BitSet prunePoints = new BitSet();

  /** Slots that are not reached from the one in front of them alone. */
  final BitSet jumpPoints = new BitSet();

  /** Slots at which the state is always kept. */
  final BitSet checkpoints = new BitSet();

  /** Calls of helpers that call back. */
  final BitSet callsCallback = new BitSet();

  /** Calls of kernel functions that give the next element of an iteration. */
  final BitSet iteratorNexts = new BitSet();

  /** The loop that a slot lies in, or 0. */
  final int[] loops;

  /** Functions that change the packet, by number. */
  final BitSet changesPacket = new BitSet();

  /** Functions that make tail calls, by number. */
  final BitSet tailCalls = new BitSet();

  /** Functions that may sleep, by number. */
  final BitSet sleeps = new BitSet();

  /** What a call of a helper means for the flow. */
  interface Calls {
    /** Whether it calls a function of the program before it returns. */
    boolean callsBack(int helper);

    /** Whether it has a function of the program called some time later. */
    boolean callsBackLater(int helper);

    /** Whether packet pointers die by it. */
    boolean changesPacket(int helper);

    /** Whether a kernel function is of that kind. */
    boolean isKfunc(int kfunc, KfuncFlag flag);
  }

  /**
   * Follows the flow.
   *
   * @param backEdges whether loops are allowed
   * @throws Rejection EINVAL where it finds one that is not
   */
  Flow(List<Instruction> code, Calls calls, boolean backEdges) {
    this.code = code;
    this.backEdges = backEdges;
    TreeSet<Integer> starts = new TreeSet<>();
    starts.add(0);
    for (int slot = 0; slot < code.size(); slot++) {
      Instruction i = code.get(slot);
      if (isLocalCall(i) || isFunctionLoad(i)) {
        starts.add(slot + i.imm() + 1);
      }
    }
    functionStarts = starts.stream().mapToInt(Integer::intValue).toArray();
    walk(calls);
    loops = findLoops();
  }

  /** The functions of the program. */
  int functions() {
    return functionStarts.length;
  }

  int start(int function) {
    return functionStarts[function];
  }

  int end(int function) {
    return function + 1 < functionStarts.length ? functionStarts[function + 1] : code.size();
  }

  /** The number of the function in which a slot lies. */
  int functionOf(int slot) {
    int found = Arrays.binarySearch(functionStarts, slot);
    return found >= 0 ? found : -found - 2;
  }

  static boolean isLocalCall(Instruction i) {
    return i.opcode() == (BPF_JMP | BPF_CALL) && i.src() == BPF_PSEUDO_CALL;
  }

  static boolean isHelperCall(Instruction i) {
    return i.opcode() == (BPF_JMP | BPF_CALL) && i.src() == 0;
  }

  static boolean isFunctionLoad(Instruction i) {
    return i.isWide() && i.src() == BPF_PSEUDO_FUNC;
  }

  static boolean isMayGoto(Instruction i) {
    return i.opcode() == (BPF_JMP | BPF_JCOND);
  }

  static boolean isJumpClass(Instruction i) {
    int instructionClass = i.opcode() & 7;
    return instructionClass == BPF_JMP || instructionClass == BPF_JMP32;
  }

  /** Where a jump goes. */
  int target(int slot) {
    Instruction i = code.get(slot);
    return slot + 1 + (i.opcode() == (BPF_JMP32 | BPF_JA) ? i.imm() : i.offset());
  }

  /** Where the walk goes on behind an instruction; behind a call, not into what it calls. */
  int[] successors(int slot) {
    Instruction i = code.get(slot);
    if (!isJumpClass(i)) {
      return new int[] {slot + (i.isWide() ? 2 : 1)};
    }
    return switch (i.opcode() & 0xf0) {
      case BPF_EXIT -> NONE;
      case BPF_CALL -> new int[] {slot + 1};
      case BPF_JA -> new int[] {target(slot)};
      default -> {
        int target = target(slot);
        yield target == slot + 1 ? new int[] {target} : new int[] {slot + 1, target};
      }
    };
  }

  // The walk over the whole program, in Linux's order: it finds the same points.

  private void walk(Calls calls) {
    int[] states = new int[code.size()];
    int[] stack = new int[code.size()];
    int depth = 0;
    states[0] = DISCOVERED;
    stack[depth++] = 0;
    while (depth > 0) {
      int slot = stack[depth - 1];
      int next = visit(slot, calls, states);
      if (next < 0) {
        states[slot] = EXPLORED;
        depth--;
      } else {
        stack[depth++] = next;
      }
    }
    // What a function does, its callers do. Repeated, since functions call in any order.
    for (int round = 0; round < functions(); round++) {
      for (int slot = 0; slot < code.size(); slot++) {
        Instruction i = code.get(slot);
        if (isLocalCall(i) || isFunctionLoad(i)) {
          int caller = functionOf(slot);
          int callee = functionOf(slot + i.imm() + 1);
          if (changesPacket.get(callee)) {
            changesPacket.set(caller);
          }
        }
      }
    }
  }

  /** The slot that is to be visited next, or -1 where all from this slot are. */
  private int visit(int slot, Calls calls, int[] states) {
    Instruction i = code.get(slot);
    if (isFunctionLoad(i)) {
      return visitCall(slot, i, true, states);
    }
    if (!isJumpClass(i)) {
      return push(slot, slot + (i.isWide() ? 2 : 1), FALLTHROUGH, states);
    }
    switch (i.opcode() & 0xf0) {
      case BPF_EXIT -> {
        return -1;
      }
      case BPF_CALL -> {
        if (isHelperCall(i)) {
          visitHelper(slot, i, calls);
        } else if (i.src() == BPF_PSEUDO_KFUNC_CALL) {
          visitKfunc(slot, i, calls);
        }
        return visitCall(slot, i, isLocalCall(i), states);
      }
      case BPF_JA -> {
        int target = target(slot);
        int next = push(slot, target, FALLTHROUGH, states);
        if (next < 0) {
          prunePoints.set(target);
          jumpPoints.set(target);
        }
        return next;
      }
      default -> {
        prunePoints.set(slot);
        if (isMayGoto(i)) {
          checkpoints.set(slot);
        }
        int next = push(slot, slot + 1, FALLTHROUGH, states);
        return next >= 0 ? next : push(slot, target(slot), BRANCH, states);
      }
    }
  }

  private void visitHelper(int slot, Instruction i, Calls calls) {
    if (calls.callsBackLater(i.imm())) {
      prunePoints.set(slot);
    }
    if (calls.callsBack(i.imm())) {
      callsCallback.set(slot);
      checkpoints.set(slot);
      prunePoints.set(slot);
      jumpPoints.set(slot);
    }
    if (calls.changesPacket(i.imm())) {
      changesPacket.set(functionOf(slot));
    }
    if (isTailCall(slot)) {
      tailCalls.set(functionOf(slot));
      changesPacket.set(functionOf(slot));
    }
  }

  private void visitKfunc(int slot, Instruction i, Calls calls) {
    if (calls.isKfunc(i.imm(), KfuncFlag.ITERATOR_NEXT)) {
      iteratorNexts.set(slot);
      prunePoints.set(slot);
      checkpoints.set(slot);
    }
    if (calls.isKfunc(i.imm(), KfuncFlag.CALLS_BACK_LATER)) {
      prunePoints.set(slot);
    }
    if (calls.isKfunc(i.imm(), KfuncFlag.CHANGES_PACKET)) {
      changesPacket.set(functionOf(slot));
    }
  }

  private int visitCall(int slot, Instruction i, boolean intoCallee, int[] states) {
    int behind = slot + (i.isWide() ? 2 : 1);
    int next = push(slot, behind, FALLTHROUGH, states);
    if (next >= 0) {
      return next;
    }
    prunePoints.set(behind);
    jumpPoints.set(behind);
    if (intoCallee) {
      prunePoints.set(slot);
      return push(slot, slot + i.imm() + 1, BRANCH, states);
    }
    return -1;
  }

  private int push(int from, int to, int edge, int[] states) {
    if (states[from] >= (DISCOVERED | edge)) {
      return -1;
    }
    if (edge == BRANCH) {
      prunePoints.set(to);
      jumpPoints.set(to);
    }
    if (states[to] == 0) {
      states[from] = DISCOVERED | edge;
      states[to] = DISCOVERED;
      return to;
    }
    if ((states[to] & 0xf0) == DISCOVERED) {
      if (!backEdges) {
        throw Rejection.invalid("back-edge from insn %d to %d", from, to);
      }
    } else {
      states[from] = DISCOVERED | edge;
    }
    return -1;
  }

  // Loops: the strongly connected components, found by Tarjan's algorithm without recursion.

  private int[] findLoops() {
    int size = code.size();
    int[] component = new int[size];
    int[] index = new int[size];
    int[] low = new int[size];
    int[] open = new int[size];
    int[] path = new int[size];
    int[] edge = new int[size];
    int openCount = 0;
    int counter = 0;
    int components = 0;
    for (int root = 0; root < size; root++) {
      if (index[root] != 0 || isSecondSlot(root)) {
        continue;
      }
      int depth = 0;
      path[depth++] = root;
      while (depth > 0) {
        int slot = path[depth - 1];
        if (index[slot] == 0) {
          index[slot] = ++counter;
          low[slot] = counter;
          open[openCount++] = slot;
        }
        int[] next = successors(slot);
        boolean descended = false;
        while (edge[slot] < next.length) {
          int to = next[edge[slot]];
          if (index[to] == 0) {
            path[depth++] = to;
            descended = true;
            break;
          }
          low[slot] = Math.min(low[slot], low[to]);
          edge[slot]++;
        }
        if (descended) {
          continue;
        }
        depth--;
        if (low[slot] == index[slot]) {
          boolean loop = open[openCount - 1] != slot || callsCallback.get(slot);
          for (int to : next) {
            loop |= to == slot;
          }
          int name = loop ? ++components : 0;
          int member;
          do {
            member = open[--openCount];
            component[member] = name;
            low[member] = Integer.MAX_VALUE;
          } while (member != slot);
        }
      }
    }
    return component;
  }

  private boolean isSecondSlot(int slot) {
    return slot > 0 && code.get(slot).opcode() == 0 && code.get(slot - 1).isWide();
  }

  /** Whether a walk may come to a slot from elsewhere than from the one in front of it. */
  boolean isJumpPoint(int slot) {
    return jumpPoints.get(slot);
  }

  /** Whether there is a tail call at a slot: one that succeeds ends the function. */
  boolean isTailCall(int slot) {
    return isHelperCall(code.get(slot)) && code.get(slot).imm() == TAIL_CALL;
  }

  /** Whether there is a may_goto at a slot. */
  boolean isMayGoto(int slot) {
    return isMayGoto(code.get(slot));
  }
}
