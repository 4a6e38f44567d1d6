package io.ebpf4j.jvm.cpu;

/**
 * What generated code keeps with a CPU. Plain fields, which it reads and writes: an array's
 * elements would cost a bounds check each.
 */
public final class GeneratedState {
  /** Tail calls that the run of the innermost program has made. */
  public int tailCalls;

  /** Whether the tail call that was just tried found no program. */
  public boolean tailCallMissed;

  /**
   * Where a function in parts goes on, with its registers below: a slot and 1, or 0 where it has
   * ended.
   */
  public int resume;

  /** R0. */
  public long r0;

  /** R1. */
  public long r1;

  /** R2. */
  public long r2;

  /** R3. */
  public long r3;

  /** R4. */
  public long r4;

  /** R5. */
  public long r5;

  /** R6. */
  public long r6;

  /** R7. */
  public long r7;

  /** R8. */
  public long r8;

  /** R9. */
  public long r9;

  GeneratedState() {}
}
