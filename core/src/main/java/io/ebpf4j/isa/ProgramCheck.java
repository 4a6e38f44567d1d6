package io.ebpf4j.isa;

import io.ebpf4j.isa.InstructionCheck.Problem;
import io.ebpf4j.isa.InstructionCheck.Refusal;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rules of a program as a whole, in the order in which Linux applies them. */
final class ProgramCheck {
  private final List<Instruction> program;
  private final BitSet functionStarts = new BitSet();
  private final BitSet reached = new BitSet();

  ProgramCheck(List<Instruction> program) {
    this.program = program;
  }

  @Nullable Problem check() {
    Problem problem = findFunctions();
    if (problem == null) {
      problem = checkJumps();
    }
    if (problem == null) {
      problem = checkOpcodes();
    }
    return problem == null ? checkReached() : problem;
  }

  private @Nullable Problem findFunctions() {
    functionStarts.set(0);
    for (int slot = 0; slot < program.size(); slot++) {
      if (!refersToFunction(program.get(slot))) {
        continue;
      }
      int target = slot + program.get(slot).imm() + 1;
      if (target < 0 || target >= program.size()) {
        return problem(
            slot, "call to invalid destination: slot %d is not in the program".formatted(target));
      }
      functionStarts.set(target);
    }
    return null;
  }

  private static boolean isLocalCall(Instruction instruction) {
    return instruction.opcode() == (Isa.BPF_JMP | Isa.BPF_CALL)
        && instruction.src() == Isa.BPF_PSEUDO_CALL;
  }

  private static boolean refersToFunction(Instruction instruction) {
    return isLocalCall(instruction)
        || (instruction.isWide() && instruction.src() == Isa.BPF_PSEUDO_FUNC);
  }

  private @Nullable Problem checkJumps() {
    int start = 0;
    int end = functionEnd(0);
    for (int slot = 0; slot < program.size(); slot++) {
      if (slot == end) {
        start = end;
        end = functionEnd(start);
      }
      Instruction instruction = program.get(slot);
      if (isJump(instruction)) {
        int target = target(slot);
        if (target < start || target >= end) {
          return problem(
              slot,
              "jump out of range from insn %d to %d: its function is insns %d to %d"
                  .formatted(slot, target, start, end - 1));
        }
      }
      if (slot == end - 1 && !endsFunction(instruction)) {
        return problem(slot, "last insn is not an exit or jmp: insn %d runs out".formatted(slot));
      }
    }
    return null;
  }

  private int functionEnd(int start) {
    int next = functionStarts.nextSetBit(start + 1);
    return next < 0 ? program.size() : next;
  }

  private static boolean isJump(Instruction instruction) {
    int instructionClass = instruction.instructionClass();
    int operation = instruction.opcode() & 0xf0;
    return (instructionClass == Isa.BPF_JMP || instructionClass == Isa.BPF_JMP32)
        && operation != Isa.BPF_CALL
        && operation != Isa.BPF_EXIT;
  }

  private static boolean endsFunction(Instruction instruction) {
    return switch (instruction.opcode()) {
      case Isa.BPF_JMP | Isa.BPF_EXIT, Isa.BPF_JMP | Isa.BPF_JA, Isa.BPF_JMP32 | Isa.BPF_JA -> true;
      default -> false;
    };
  }

  private int target(int slot) {
    Instruction instruction = program.get(slot);
    boolean far = instruction.opcode() == (Isa.BPF_JMP32 | Isa.BPF_JA);
    return slot + 1 + (far ? instruction.imm() : instruction.offset());
  }

  private @Nullable Problem checkOpcodes() {
    for (int slot = 0; slot < program.size(); slot++) {
      Instruction instruction = program.get(slot);
      int opcode = instruction.opcode();
      int mode = opcode & 0xe0;
      if (instruction.instructionClass() == Isa.BPF_LDX) {
        if (mode != Isa.BPF_MEM && mode != Isa.BPF_MEMSX) {
          return problem(slot, "BPF_LDX uses reserved fields: it has no mode %02x".formatted(mode));
        }
        if (instruction.imm() != 0) {
          return problem(
              slot,
              "BPF_LDX uses reserved fields: the immediate is %d, it must be 0"
                  .formatted(instruction.imm()));
        }
      }
      if (instruction.isWide()) {
        Problem problem = checkWide(slot);
        if (problem != null) {
          return problem;
        }
        slot++;
      } else if (!Isa.isKnownOpcode(opcode)) {
        return problem(slot, "unknown opcode %02x".formatted(opcode));
      }
    }
    return null;
  }

  private @Nullable Problem checkWide(int slot) {
    // A program cannot end here: its last instruction is known to be an exit or jump.
    Instruction second = program.get(slot + 1);
    if (!second.equals(new Instruction(0, 0, 0, 0, second.imm()))) {
      return problem(
          slot, "invalid bpf_ld_imm64 insn: only an immediate may stand in its second slot");
    }
    return switch (program.get(slot).src()) {
      case 0,
          Isa.BPF_PSEUDO_MAP_VALUE,
          Isa.BPF_PSEUDO_BTF_ID,
          Isa.BPF_PSEUDO_FUNC,
          Isa.BPF_PSEUDO_MAP_IDX_VALUE ->
          null;
      case Isa.BPF_PSEUDO_MAP_FD, Isa.BPF_PSEUDO_MAP_IDX ->
          second.imm() == 0
              ? null
              : problem(
                  slot,
                  "unrecognized bpf_ld_imm64 insn: a map has no immediate in its second slot");
      default ->
          problem(
              slot,
              "unrecognized bpf_ld_imm64 insn: there is no source kind %d"
                  .formatted(program.get(slot).src()));
    };
  }

  private @Nullable Problem checkReached() {
    Deque<Integer> open = new ArrayDeque<>();
    reach(0, open);
    while (!open.isEmpty()) {
      int slot = open.pop();
      Instruction instruction = program.get(slot);
      if (refersToFunction(instruction)) {
        reach(slot + instruction.imm() + 1, open);
      }
      if (isJump(instruction)) {
        reach(target(slot), open);
      }
      if (!endsFunction(instruction)) {
        reach(slot + (instruction.isWide() ? 2 : 1), open);
      }
    }
    for (int slot = 0; slot < program.size(); slot++) {
      if (!reached.get(slot)) {
        return problem(slot, "unreachable insn %d".formatted(slot));
      }
      if (program.get(slot).isWide()) {
        slot++;
        if (reached.get(slot)) {
          return problem(slot, "jump into the middle of ldimm64 insn %d".formatted(slot - 1));
        }
      }
    }
    return null;
  }

  private void reach(int slot, Deque<Integer> open) {
    if (!reached.get(slot)) {
      reached.set(slot);
      open.push(slot);
    }
  }

  private static Problem problem(int slot, String message) {
    return new Problem(slot, message, Refusal.MALFORMED);
  }
}
