package io.ebpf4j.jvm.verifier;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import java.util.Arrays;
import java.util.List;

/**
 * Finds, backwards along the way that was walked, the numbers from which a number was made whose
 * exact value has mattered. They are marked precise in the checkpoints on the way: only such
 * numbers are compared when a state is held against a checkpoint.
 */
final class Precision {
  private static final int ARGUMENTS = 0x3e;

  private final List<Instruction> code;
  private final Flow flow;
  private final GlobalCalls globals;

  // What is sought, by frame.
  private final int[] registers = new int[State.MAX_FRAMES];
  private final long[] slots = new long[State.MAX_FRAMES];
  private int frame;

  private boolean changed;

  /** Which functions are verified on their own. */
  interface GlobalCalls {
    /** Whether the function of that number is. */
    boolean isGlobal(int function);
  }

  Precision(List<Instruction> code, Flow flow, GlobalCalls globals) {
    this.code = code;
    this.flow = flow;
    this.globals = globals;
  }

  /** The exact value of a register of the running frame matters. */
  void mark(State state, int register) {
    reset(state.current);
    registers[frame] = 1 << register;
    trace(state);
  }

  /** The exact value that lies in a slot of the stack matters. */
  void markSlot(State state, int inFrame, int stackSlot) {
    reset(state.current);
    slots[inFrame] = 1L << stackSlot;
    trace(state);
  }

  /**
   * What matters in a checkpoint matters in a state that was found equal to it.
   *
   * @return whether anything was marked
   */
  boolean propagate(State checkpoint, State state) {
    reset(state.current);
    for (int f = 0; f <= checkpoint.current; f++) {
      Frame old = checkpoint.frame(f);
      for (int i = 0; i < Isa.FRAME_POINTER; i++) {
        if (old.registers[i].isScalar() && old.registers[i].precise) {
          registers[f] |= 1 << i;
        }
      }
      for (int i = 0; i < old.slots(); i++) {
        if (old.isSpilledScalar(i) && old.spill(i).precise) {
          slots[f] |= 1L << i;
        }
      }
    }
    changed = false;
    trace(state);
    return changed;
  }

  private void reset(int current) {
    Arrays.fill(registers, 0);
    Arrays.fill(slots, 0);
    frame = current;
  }

  private boolean isDone() {
    for (int f = frame; f >= 0; f--) {
      if (registers[f] != 0 || slots[f] != 0) {
        return false;
      }
    }
    return true;
  }

  private void trace(State start) {
    if (isDone()) {
      return;
    }
    State state = start;
    int first = state.firstSlot;
    int last = start.slot;
    int subsequent = -1;
    boolean skip = true;
    while (true) {
      if (last < 0) {
        markArguments(state);
        return;
      }
      int history = state.stepCount;
      int slot = last;
      while (true) {
        if (skip) {
          skip = false;
        } else {
          int step = history > 0 && state.stepSlot(history - 1) == slot ? history - 1 : -1;
          if (!stepBack(slot, subsequent, state, step)) {
            markAll(start);
            return;
          }
        }
        if (isDone()) {
          return;
        }
        subsequent = slot;
        if (slot == state.firstSlot
            && (history == 0 || (history == 1 && state.stepSlot(0) == slot))) {
          break;
        }
        if (history > 0 && state.stepSlot(history - 1) == slot) {
          slot = state.stepBefore(history - 1);
          history--;
        } else {
          slot--;
        }
        if (slot < 0) {
          break;
        }
      }
      State parent = state.parent;
      if (parent == null) {
        break;
      }
      state = parent;
      markIn(state);
      if (isDone()) {
        return;
      }
      subsequent = first;
      last = state.lastSlot;
      first = state.firstSlot;
    }
    markAll(start);
  }

  /** At the entry into a function that is verified on its own, arguments may be sought. */
  private void markArguments(State state) {
    for (int i = 0; i < Isa.FRAME_POINTER; i++) {
      Register register = state.frame(0).registers[i];
      if ((registers[0] >> i & 1) != 0 && register.isScalar()) {
        register.precise = true;
        changed = true;
      }
    }
  }

  private void markIn(State state) {
    for (int f = frame; f >= 0; f--) {
      Frame in = state.frame(f);
      for (int i = 0; i < Isa.REGISTERS; i++) {
        if ((registers[f] >> i & 1) != 0 && isKnown(in.registers[i])) {
          registers[f] &= ~(1 << i);
        }
      }
      for (long left = slots[f]; left != 0; left &= left - 1) {
        int slot = Long.numberOfTrailingZeros(left);
        if (slot >= in.slots() || !in.isSpilledScalar(slot) || isKnown(in.spill(slot))) {
          slots[f] &= ~(1L << slot);
        }
      }
    }
  }

  /** Marks a number, and says whether the search for it ends here. */
  private boolean isKnown(Register register) {
    if (!register.isScalar() || register.precise) {
      return true;
    }
    register.precise = true;
    changed = true;
    return false;
  }

  /** Gives up: all numbers on the way matter. */
  void markAll(State start) {
    for (State state = start.parent; state != null; state = state.parent) {
      state.forEachRegister((in, register) -> {
        if (register.isScalar() && !register.precise) {
          register.precise = true;
          changed = true;
        }
      });
    }
  }

  /** Forgets what matters: a new checkpoint has nothing behind it yet. */
  static void forget(State state) {
    state.forEachRegister((in, register) -> {
      if (register.isScalar()) {
        register.precise = false;
      }
    });
  }

  /**
   * Goes back over an instruction.
   *
   * @param subsequent the slot that ran behind it
   * @param step the index of what was noted at it, or -1
   * @return false where it cannot be told what the number was made from
   */
  private boolean stepBack(int slot, int subsequent, State state, int step) {
    Instruction i = code.get(slot);
    int opcode = i.opcode();
    if (opcode == 0) {
      return true;
    }
    long linked = step < 0 ? 0 : state.linked[step];
    int flags = step < 0 ? 0 : state.stepFlags(step);
    seekLinked(linked);
    int dst = 1 << i.dst();
    int src = 1 << i.src();
    boolean fromRegister = (opcode & BPF_X) != 0;
    switch (i.instructionClass()) {
      case BPF_ALU, BPF_ALU64 -> {
        if ((registers[frame] & dst) == 0) {
          return true;
        }
        int operation = opcode & 0xf0;
        if (operation == BPF_END || operation == BPF_NEG) {
          return true;
        }
        if (operation == BPF_MOV) {
          registers[frame] &= ~dst;
        }
        if (fromRegister && i.src() != Isa.FRAME_POINTER) {
          registers[frame] |= src;
        }
      }
      case BPF_LDX -> {
        return loaded(dst, flags);
      }
      case BPF_STX, BPF_ST -> {
        if ((opcode & 0xe0) == BPF_ATOMIC && i.imm() == BPF_LOAD_ACQ) {
          return loaded(dst, flags);
        }
        if ((registers[frame] & dst) != 0) {
          return false;
        }
        if ((flags & State.STACK_ACCESS) == 0) {
          return true;
        }
        int in = State.accessedFrame(flags);
        long bit = 1L << State.accessedSlot(flags);
        if ((slots[in] & bit) == 0) {
          return true;
        }
        slots[in] &= ~bit;
        if (i.instructionClass() == BPF_STX) {
          registers[frame] |= src;
        }
      }
      case BPF_JMP, BPF_JMP32 -> {
        if (!jumped(slot, subsequent, i, flags)) {
          return true;
        }
      }
      default -> {
        if ((registers[frame] & dst) == 0) {
          return true;
        }
        registers[frame] &= ~dst;
        int mode = opcode & 0xe0;
        if (mode == BPF_IND || mode == BPF_ABS) {
          return false;
        }
      }
    }
    seekLinked(linked);
    return true;
  }

  private boolean loaded(int dst, int flags) {
    if ((registers[frame] & dst) != 0) {
      registers[frame] &= ~dst;
      if ((flags & State.STACK_ACCESS) != 0) {
        slots[State.accessedFrame(flags)] |= 1L << State.accessedSlot(flags);
      }
    }
    return true;
  }

  /** Goes back over a jump, and says whether linked registers are to be looked at again. */
  private boolean jumped(int slot, int subsequent, Instruction i, int flags) {
    int operation = i.opcode() & 0xf0;
    if (Flow.isLocalCall(i)) {
      if (globals.isGlobal(flow.functionOf(slot + i.imm() + 1))) {
        registers[frame] &= ~1;
      } else {
        int arguments = registers[frame] & ARGUMENTS;
        registers[frame] = 0;
        leave();
        registers[frame] |= arguments;
      }
      return false;
    }
    if (flow.callsCallback.get(slot) && slot != subsequent - 1) {
      registers[frame] = 0;
      leave();
      return false;
    }
    if (operation == BPF_CALL) {
      registers[frame] &= ~1;
      if (flow.isTailCall(slot) && subsequent - slot != 1) {
        // The program called has returned in place of the function that called it.
        frame++;
        registers[frame] = 0;
      }
      return true;
    }
    if (operation == BPF_EXIT) {
      boolean wantsResult =
          subsequent >= 1
              && Flow.isLocalCall(code.get(subsequent - 1))
              && (registers[frame] & 1) != 0;
      if (subsequent >= 0 && flow.callsCallback.get(subsequent)) {
        registers[frame] &= ~ARGUMENTS;
      }
      registers[frame] &= ~1;
      frame++;
      registers[frame] = wantsResult ? 1 : 0;
      return false;
    }
    if (operation != BPF_JA && operation != BPF_JCOND && (i.opcode() & BPF_X) != 0) {
      int dst = 1 << i.dst();
      int src = 1 << i.src();
      if ((registers[frame] & (dst | src)) == 0) {
        return false;
      }
      if ((flags & State.SOURCE_ON_STACK) == 0) {
        registers[frame] |= src;
      }
      if ((flags & State.DESTINATION_ON_STACK) == 0) {
        registers[frame] |= dst;
      }
    }
    return true;
  }

  private void leave() {
    slots[frame] = 0;
    frame--;
  }

  /** Where one of the linked registers is sought, all are. */
  private void seekLinked(long linked) {
    int count = Linked.count(linked);
    boolean sought = false;
    for (int i = 0; i < count && !sought; i++) {
      int in = Linked.frame(linked, i);
      int number = Linked.number(linked, i);
      sought =
          Linked.isRegister(linked, i)
              ? (registers[in] >> number & 1) != 0
              : (slots[in] >> number & 1) != 0;
    }
    for (int i = 0; i < count && sought; i++) {
      int in = Linked.frame(linked, i);
      int number = Linked.number(linked, i);
      if (Linked.isRegister(linked, i)) {
        registers[in] |= 1 << number;
      } else {
        slots[in] |= 1L << number;
      }
    }
  }
}
