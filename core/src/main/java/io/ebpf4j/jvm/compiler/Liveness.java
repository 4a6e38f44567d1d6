package io.ebpf4j.jvm.compiler;

import static io.ebpf4j.isa.Isa.*;

import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.compiler.Functions.Function;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;

/** Which registers are read before they are written again, by slot: a bit for each. */
final class Liveness {
  private static final int R0 = 1;
  private static final int ARGUMENTS = 0b11_1110;

  private final List<Instruction> instructions;
  private final ToIntFunction<Instruction> callArguments;
  private final Map<Integer, Integer> parameters = new HashMap<>();

  /**
   * For a program.
   *
   * @param callArguments how many arguments a call takes
   */
  Liveness(List<Instruction> instructions, ToIntFunction<Instruction> callArguments) {
    this.instructions = instructions;
    this.callArguments = callArguments;
  }

  /** How many of R1 to R5 a function may read of what its caller gives. */
  int parameters(Function function) {
    return parameters.computeIfAbsent(
        function.start(),
        _ -> {
          int live = of(function)[0] & ARGUMENTS;
          return Integer.SIZE - Integer.numberOfLeadingZeros(live >>> 1);
        });
  }

  /** The registers that live before each slot of a function, from its start. */
  int[] of(Function function) {
    int[] live = new int[function.end() - function.start() + 1];
    boolean changed = true;
    while (changed) {
      changed = false;
      for (int slot = function.end() - 1; slot >= function.start(); slot--) {
        int at = slot - function.start();
        int before = before(slot, live, function);
        changed |= before != live[at];
        live[at] = before;
      }
    }
    return live;
  }

  private int before(int slot, int[] live, Function function) {
    Instruction i = instructions.get(slot);
    int next = live[slot - function.start() + 1];
    int dst = 1 << i.dst();
    int src = 1 << i.src();
    boolean register = (i.opcode() & BPF_X) != 0;
    return switch (i.instructionClass()) {
      case BPF_ALU, BPF_ALU64 -> {
        boolean plainMove = (i.opcode() & 0xf0) == BPF_MOV;
        boolean unary = (i.opcode() & 0xf0) == BPF_NEG || (i.opcode() & 0xf0) == BPF_END;
        yield next & ~dst | (plainMove ? 0 : dst) | (register && !unary ? src : 0);
      }
      case BPF_LD -> {
        if (i.isWide()) {
          yield live[slot - function.start() + 2] & ~dst;
        }
        boolean indirect = (i.opcode() & 0xe0) == BPF_IND;
        yield next & ~(R0 | ARGUMENTS) | 1 << 6 | (indirect ? src : 0);
      }
      case BPF_LDX -> next & ~dst | src;
      case BPF_ST -> next | dst;
      case BPF_STX -> (i.opcode() & 0xe0) == BPF_ATOMIC ? atomic(i, next) : next | dst | src;
      default -> jump(i, slot, live, function, next);
    };
  }

  private static int atomic(Instruction i, int next) {
    int dst = 1 << i.dst();
    int src = 1 << i.src();
    return switch (i.imm()) {
      case BPF_LOAD_ACQ -> next & ~dst | src;
      case BPF_CMPXCHG -> next | dst | src | R0;
      default -> next | dst | src;
    };
  }

  private int jump(Instruction i, int slot, int[] live, Function function, int next) {
    int target = Functions.target(i, slot);
    int there = target < 0 ? 0 : live[target - function.start()];
    int used = 1 << i.dst() | ((i.opcode() & BPF_X) != 0 ? 1 << i.src() : 0);
    return switch (i.opcode() & 0xf0) {
      case BPF_JA -> there;
      case BPF_JCOND -> next | there;
      case BPF_EXIT -> R0;
      case BPF_CALL -> {
        int count = callArguments.applyAsInt(i);
        int arguments = ARGUMENTS & (1 << count + 1) - 1;
        yield next & ~(R0 | ARGUMENTS) | arguments;
      }
      default -> next | there | used;
    };
  }
}
