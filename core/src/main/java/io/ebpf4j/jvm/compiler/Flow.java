package io.ebpf4j.jvm.compiler;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.compiler.Functions.Function;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Which registers hold a number that is known, or a known place in the function's own frame, at
 * each slot of a function: a forward data flow over registers alone. It knows nothing of branches,
 * so whatever it says holds on all paths.
 */
final class Flow {
  private final List<Instruction> instructions;
  private final IntPredicate reached;
  private final Function function;
  private final Value[] @Nullable [] before;

  /** What a register holds. */
  sealed interface Value {
    /** Anything. */
    record Unknown() implements Value {}

    /** A number. */
    record Constant(long value) implements Value {}

    /** R10 and an offset. */
    record Frame(long offset) implements Value {}

    /** Perhaps an address in the frame, perhaps something else. */
    record SomeFrame() implements Value {}

    /** Whether it may be an address in the frame. */
    default boolean mayBeFrame() {
      return this instanceof Frame || this instanceof SomeFrame;
    }
  }

  private static final Value UNKNOWN = new Value.Unknown();
  private static final Value SOME_FRAME = new Value.SomeFrame();

  private Flow(List<Instruction> instructions, IntPredicate reached, Function function) {
    this.instructions = instructions;
    this.reached = reached;
    this.function = function;
    this.before = new Value[function.end() - function.start()][];
  }

  /** Follows a function from its first slot. */
  static Flow of(List<Instruction> instructions, IntPredicate reached, Function function) {
    Flow flow = new Flow(instructions, reached, function);
    flow.follow();
    return flow;
  }

  /** What a register holds before a slot of the function. */
  Value before(int slot, int register) {
    Value[] state = before[slot - function.start()];
    return state == null ? UNKNOWN : state[register];
  }

  private void follow() {
    Value[] entry = new Value[Isa.REGISTERS];
    Arrays.fill(entry, UNKNOWN);
    entry[FRAME_POINTER] = new Value.Frame(0);
    Deque<Integer> work = new ArrayDeque<>();
    BitSet queued = new BitSet();
    join(function.start(), entry, work, queued);
    while (!work.isEmpty()) {
      int slot = work.poll();
      queued.clear(slot);
      Value[] state = before[slot - function.start()].clone();
      Instruction i = instructions.get(slot);
      step(state, i, slot);
      int target = Functions.target(i, slot);
      if (target >= 0) {
        join(target, state, work, queued);
      }
      if (goesOn(i)) {
        join(slot + (i.isWide() ? 2 : 1), state, work, queued);
      }
    }
  }

  static boolean goesOn(Instruction i) {
    int operation = i.opcode() & 0xf0;
    boolean jump = i.instructionClass() == BPF_JMP || i.instructionClass() == BPF_JMP32;
    return !jump || operation != BPF_JA && operation != BPF_EXIT;
  }

  private void join(int slot, Value[] state, Deque<Integer> work, BitSet queued) {
    if (slot >= function.end() || !reached.test(slot)) {
      return;
    }
    Value[] known = before[slot - function.start()];
    boolean changed = known == null;
    if (known == null) {
      before[slot - function.start()] = state.clone();
    } else {
      for (int r = 0; r < known.length; r++) {
        Value both = join(known[r], state[r]);
        if (!both.equals(known[r])) {
          known[r] = both;
          changed = true;
        }
      }
    }
    if (changed && !queued.get(slot)) {
      queued.set(slot);
      work.add(slot);
    }
  }

  private static Value join(Value a, Value b) {
    if (a.equals(b)) {
      return a;
    }
    return a.mayBeFrame() || b.mayBeFrame() ? SOME_FRAME : UNKNOWN;
  }

  private void step(Value[] state, Instruction i, int slot) {
    switch (i.instructionClass()) {
      case BPF_ALU64 -> state[i.dst()] = arithmetic(state, i);
      case BPF_ALU -> state[i.dst()] = arithmetic32(state, i);
      case BPF_LD -> {
        if (i.isWide()) {
          state[i.dst()] = new Value.Constant(Functions.wideValue(instructions, slot));
        } else {
          Arrays.fill(state, 0, 6, UNKNOWN);
        }
      }
      case BPF_LDX -> state[i.dst()] = UNKNOWN;
      case BPF_STX -> {
        if ((i.opcode() & 0xe0) == BPF_ATOMIC) {
          state[atomicResult(i)] = UNKNOWN;
        }
      }
      case BPF_JMP -> {
        if ((i.opcode() & 0xf0) == BPF_CALL) {
          Arrays.fill(state, 0, 6, UNKNOWN);
        }
      }
      default -> {}
    }
  }

  /** The register that an atomic operation may write. */
  private static int atomicResult(Instruction i) {
    return switch (i.imm()) {
      case BPF_LOAD_ACQ -> i.dst();
      case BPF_CMPXCHG -> 0;
      default -> i.src();
    };
  }

  private static Value arithmetic(Value[] state, Instruction i) {
    boolean register = (i.opcode() & BPF_X) != 0;
    boolean unary = (i.opcode() & 0xf0) == BPF_NEG || (i.opcode() & 0xf0) == BPF_END;
    Value operand = register && !unary ? state[i.src()] : new Value.Constant(i.imm());
    return switch (i.opcode() & 0xf0) {
      case BPF_MOV -> i.offset() == 0 ? operand : unknown(operand, operand);
      case BPF_ADD -> add(state[i.dst()], operand);
      case BPF_SUB ->
          operand instanceof Value.Constant(long value)
              ? add(state[i.dst()], new Value.Constant(-value))
              : unknown(state[i.dst()], operand);
      default -> unknown(state[i.dst()], operand);
    };
  }

  private static Value arithmetic32(Value[] state, Instruction i) {
    boolean plainMove = (i.opcode() & 0xf0) == BPF_MOV && i.offset() == 0;
    boolean register = (i.opcode() & BPF_X) != 0;
    if (plainMove && !register) {
      return new Value.Constant(Integer.toUnsignedLong(i.imm()));
    }
    if (plainMove && state[i.src()] instanceof Value.Constant(long value)) {
      return new Value.Constant(value & 0xffff_ffffL);
    }
    return unknown(state[i.dst()], register ? state[i.src()] : UNKNOWN);
  }

  /** What becomes of two numbers, nobody knows; but where one is an address, it may still be. */
  private static Value unknown(Value a, Value b) {
    return a.mayBeFrame() || b.mayBeFrame() ? SOME_FRAME : UNKNOWN;
  }

  private static Value add(Value a, Value b) {
    if (b instanceof Value.Constant(long addend)) {
      return switch (a) {
        case Value.Constant(long value) -> new Value.Constant(value + addend);
        case Value.Frame(long offset) -> new Value.Frame(offset + addend);
        case Value.Unknown _ -> UNKNOWN;
        case Value.SomeFrame _ -> SOME_FRAME;
      };
    }
    return a instanceof Value.Constant && b instanceof Value.Frame ? add(b, a) : unknown(a, b);
  }
}
