package io.ebpf4j.isa;

import java.util.List;
import java.util.Optional;

/**
 * Whether a program is well formed, as Linux 6.18 judges it for a privileged user before and while
 * its verifier walks the program (RFC 9669 sections 3 to 5, and Linux's own additions).
 *
 * <p>Linux has two kinds of such rules. Those of the program as a whole hold for every slot: {@link
 * #checkProgram}. Those of a single instruction are looked at when the walk comes to it, so that an
 * instruction behind a branch that is never taken may break them: {@link #checkInstruction}. {@link
 * #check} applies both to every slot, and so refuses more than Linux where a branch is never taken.
 *
 * <p>What needs more than the instructions is not looked at here: whether a map, helper, kernel
 * function or BTF id exists, what registers hold, what the program's type allows.
 */
public final class InstructionCheck {
  private InstructionCheck() {}

  /** What Linux answers to a program with a {@link Problem}. */
  public enum Refusal {
    /** EINVAL. */
    MALFORMED,
    /** E2BIG: no slot at all, or more than {@link Isa#MAX_SLOTS}. */
    SIZE,
    /** EACCES: the frame pointer, r10, is written. */
    FRAME_POINTER_WRITTEN
  }

  /**
   * A rule that is broken.
   *
   * @param slot where
   * @param sentence what, beginning with what Linux's log says, where it says anything
   * @param refusal what Linux answers
   */
  public record Problem(int slot, String sentence, Refusal refusal) {}

  /** The first problem of a program: of the whole, else of its first instruction that has one. */
  public static Optional<Problem> check(List<Instruction> program) {
    Optional<Problem> whole = checkProgram(program);
    if (whole.isPresent()) {
      return whole;
    }
    for (int slot = 0; slot < program.size(); slot += program.get(slot).isWide() ? 2 : 1) {
      Optional<Problem> problem = checkInstruction(program.get(slot), slot);
      if (problem.isPresent()) {
        return problem;
      }
    }
    return Optional.empty();
  }

  /**
   * The first problem of the program as a whole, in Linux's order: its size; where calls and
   * function loads go; that jumps stay within their function and functions do not run out at their
   * end; known opcodes and complete 64-bit immediate loads; that every instruction can be reached.
   */
  public static Optional<Problem> checkProgram(List<Instruction> program) {
    if (program.isEmpty() || program.size() > Isa.MAX_SLOTS) {
      String sentence =
          "a program has 1 to %d slots, this has %d".formatted(Isa.MAX_SLOTS, program.size());
      return Optional.of(new Problem(0, sentence, Refusal.SIZE));
    }
    return Optional.ofNullable(new ProgramCheck(program).check());
  }

  /**
   * The first problem of one instruction of a program that {@link #checkProgram} accepts: fields
   * that it does not use and that are not zero, registers, immediates that it does not allow.
   *
   * @param instruction the instruction, the first slot of it where it has two
   * @param slot the number to report
   */
  public static Optional<Problem> checkInstruction(Instruction instruction, int slot) {
    return Optional.ofNullable(new SlotCheck(instruction, slot).check());
  }
}
