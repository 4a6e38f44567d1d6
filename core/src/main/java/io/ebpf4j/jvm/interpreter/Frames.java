package io.ebpf4j.jvm.interpreter;

import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.cpu.Cpu;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The call stack of a run. A program has {@link Cpu#FRAMES} frames; a tail call gives the frame it
 * is made in to the other program, which has as many again. The first frames lie in the CPU's
 * stack, those that only a chain of tail calls from functions reaches in a block of their own.
 */
final class Frames {
  /** 33 tail calls, each from the deepest function that may make one, and a last whole program. */
  private static final int MAX_DEPTH = 34 * Cpu.FRAMES;

  private static final int SAVED = 5;

  // may_goto, as x86-64 Linux 6.18 does it: every 65,535th asks the clock, a quarter of a second is
  // the end. A clock that stands still is asked 128 times, 8,388,480 iterations.
  private static final int CHUNK = 0xffff;
  private static final long CHUNKS_OF_STILL_CLOCK = 128;
  private static final long MAY_GOTO_NANOS = 250_000_000;

  private final Run run;
  private int depth;
  private int[] returnTo = new int[Cpu.FRAMES];
  private int[] depthInProgram = new int[Cpu.FRAMES];
  private long[] saved = new long[Cpu.FRAMES * SAVED];
  private long[] budgetAfter = new long[Cpu.FRAMES];
  private @Nullable Code[] codes = new @Nullable Code[Cpu.FRAMES];
  private int[] mayGotoLeft = new int[Cpu.FRAMES];
  private int[] mayGotoChunks = new int[Cpu.FRAMES];
  private long[] mayGotoStart = new long[Cpu.FRAMES];
  private @Nullable MemorySegment overflow;

  Frames(Run run) {
    this.run = run;
  }

  /** Forgets all frames and makes the first. */
  void begin(Code code) {
    depth = 0;
    depthInProgram[0] = 0;
    enter(code);
  }

  /** Frames below the one that runs. */
  int depth() {
    return depth;
  }

  /** The program of the frame that runs. */
  Code code() {
    Code code = codes[depth];
    if (code == null) {
      throw new IllegalStateException("no program runs");
    }
    return code;
  }

  /**
   * Makes a frame for a function of the same program.
   *
   * @param slot the call, for a fault
   * @param returnSlot where the caller goes on
   * @param budget what the caller gets back of its budget; below 0: what its callee leaves
   */
  void push(int slot, int returnSlot, long budget) {
    if (depthInProgram[depth] == Cpu.FRAMES - 1 || depth == MAX_DEPTH - 1) {
      throw Faults.callDepth(run, slot);
    }
    Code code = code();
    if (depth + 1 == returnTo.length) {
      grow();
    }
    long[] registers = run.registers;
    System.arraycopy(registers, 6, saved, depth * SAVED, SAVED);
    returnTo[depth] = returnSlot;
    budgetAfter[depth] = budget;
    depthInProgram[depth + 1] = depthInProgram[depth] + 1;
    depth++;
    enter(code);
  }

  /** Leaves the frame that runs, and gives the slot where its caller goes on. */
  int pop() {
    Code left = code();
    depth--;
    System.arraycopy(saved, depth * SAVED, run.registers, 6, SAVED);
    showStack();
    if (code() != left) {
      run.regions.areas(code().areas);
    }
    return returnTo[depth];
  }

  /** What the frame has of its own budget after the call that {@link #pop} ended; below 0: none. */
  long budgetAfterCall() {
    return budgetAfter[depth];
  }

  /** Gives the frame that runs to another program. */
  void replace(Code code) {
    depthInProgram[depth] = 0;
    run.regions.areas(code.areas);
    enter(code);
  }

  /** Whether may_goto lets the loop go on once more. */
  boolean mayGoOn() {
    if (mayGotoLeft[depth] == 0) {
      return false;
    }
    if (--mayGotoLeft[depth] > 0) {
      return true;
    }
    long now = run.cpu.machine().clock().monotonicNanos();
    if (mayGotoChunks[depth]++ == 0) {
      mayGotoStart[depth] = now;
    }
    long elapsed = now - mayGotoStart[depth];
    boolean spent =
        elapsed >= MAY_GOTO_NANOS || elapsed == 0 && mayGotoChunks[depth] >= CHUNKS_OF_STILL_CLOCK;
    mayGotoLeft[depth] = spent ? 0 : CHUNK;
    return !spent;
  }

  private void enter(Code code) {
    codes[depth] = code;
    mayGotoLeft[depth] = CHUNK;
    mayGotoChunks[depth] = 0;
    run.registers[Isa.FRAME_POINTER] = top(depth);
    showStack();
  }

  private void showStack() {
    long top = run.cpu.stackAddress() + (long) Cpu.FRAMES * Cpu.FRAME_BYTES;
    run.regions.stack(top(Math.min(depth, Cpu.FRAMES - 1)) - Cpu.FRAME_BYTES, top);
    if (depth >= Cpu.FRAMES) {
      run.regions.overflow(top(depth) - Cpu.FRAME_BYTES, top(Cpu.FRAMES));
    } else {
      run.regions.noOverflow();
    }
  }

  private long top(int frame) {
    if (frame < Cpu.FRAMES) {
      return run.cpu.stackAddress() + (long) (Cpu.FRAMES - frame) * Cpu.FRAME_BYTES;
    }
    if (overflow == null) {
      overflow =
          Arena.ofAuto().allocate((long) (MAX_DEPTH - Cpu.FRAMES) * Cpu.FRAME_BYTES, Cpu.FRAMES);
    }
    return overflow.address() + (long) (MAX_DEPTH - frame) * Cpu.FRAME_BYTES;
  }

  private void grow() {
    int size = Math.min(returnTo.length * 2, MAX_DEPTH);
    returnTo = Arrays.copyOf(returnTo, size);
    depthInProgram = Arrays.copyOf(depthInProgram, size);
    saved = Arrays.copyOf(saved, size * SAVED);
    budgetAfter = Arrays.copyOf(budgetAfter, size);
    codes = Arrays.copyOf(codes, size);
    mayGotoLeft = Arrays.copyOf(mayGotoLeft, size);
    mayGotoChunks = Arrays.copyOf(mayGotoChunks, size);
    mayGotoStart = Arrays.copyOf(mayGotoStart, size);
  }
}
