package io.ebpf4j.jvm.program;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.jvm.helper.KfuncTable;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a program is loaded.
 *
 * @param budget instructions that an activation of a program which was not verified may make, or
 *     {@link Long#MAX_VALUE} for no limit. Callbacks, global functions, programs after a tail call
 *     and loops that may_goto bounds have a budget of their own, so no program that Linux accepts
 *     is cut short.
 * @param poisoned slots whose CO-RE relocation the kernel cannot fulfil, and what it lacks: an
 *     error only for a run that reaches them
 * @param kfuncs the kernel functions that it may call by BTF type
 * @param verification how the program is verified; null: not, and it runs checked
 */
public record RunOptions(
    long budget,
    Map<Integer, String> poisoned,
    KfuncTable kfuncs,
    @Nullable Verification verification) {

  /** A hundred million instructions, nothing poisoned. */
  public static final RunOptions DEFAULT =
      new RunOptions(100_000_000, Map.of(), KfuncTable.NONE, null);

  /** Copies the map. */
  public RunOptions {
    if (budget < 1) {
      throw new IllegalArgumentException("a budget is at least 1 instruction, not " + budget);
    }
    poisoned = Map.copyOf(poisoned);
  }

  /** These with other poisoned slots. */
  public RunOptions withPoisoned(Map<Integer, String> slots) {
    return new RunOptions(budget, slots, kfuncs, verification);
  }

  /**
   * How a program is verified.
   *
   * @param kernelTypes the kernel's own types
   * @param logLevel the log of a program that is accepted: 0 none, 1 or 2, plus 4
   * @param compiled whether the program is compiled then; else it runs checked
   * @param only whether a program that could not run here, as it calls helpers that are not built,
   *     is kept nevertheless
   * @param foreign whether the types are another kernel's: then nothing runs
   * @param privileged whether it is loaded by root; else by one without any capability
   */
  public record Verification(
      Btf kernelTypes,
      int logLevel,
      boolean compiled,
      boolean only,
      boolean foreign,
      boolean privileged) {}
}
