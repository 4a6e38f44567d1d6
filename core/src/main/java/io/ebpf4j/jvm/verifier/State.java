package io.ebpf4j.jvm.verifier;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where a walk has come to and what it knows there: the frames from the first function to the
 * running one, the references and locks held, and the way since the checkpoint before.
 */
final class State {
  static final int MAX_FRAMES = 8;

  private static final long[] NO_STEPS = new long[0];
  private static final Reference[] NO_REFERENCES = new Reference[0];

  final @Nullable Frame[] frames = new @Nullable Frame[MAX_FRAMES];
  int current;

  /** The checkpoint before this. */
  @Nullable State parent;

  /** Ways from here that have not ended yet. */
  int branches;

  int slot;
  int firstSlot;
  int lastSlot = -1;
  int depth;
  int unrolledCallbacks;
  int mayGotoDepth;
  boolean sleepable;

  /** The processor may come here by a wrong guess, and no program ever. */
  boolean speculative;

  boolean cleaned;

  /** Acquired references and locks, in the order of their acquisition. */
  Reference[] references = NO_REFERENCES;

  int locks;
  int activeLockId;
  @Nullable Object activeLock;
  int rcuLocks;
  int preemptLocks;

  /** The reference of the innermost section without interrupts, or 0. */
  int irqSection;

  /** The jumps since the parent: slot, slot before it, and flags of each. */
  long[] steps = NO_STEPS;

  /** Registers that shared a value at each of the steps. */
  long[] linked = NO_STEPS;

  int stepCount;

  /** The checkpoint that was found to cover this, at the end of a loop. */
  @Nullable State equal;

  // Bookkeeping of a checkpoint in the list of its slot.
  int hits;
  int misses;
  boolean dropped;

  /** Something that must be given back on every path. */
  record Reference(int kind, int id, int slot) {
    static final int OBJECT = 0;
    static final int LOCK = 1;
    static final int IRQ = 2;
  }

  Frame frame() {
    return frame(current);
  }

  Frame frame(int number) {
    Frame frame = frames[number];
    if (frame == null) {
      throw new IllegalStateException("no frame " + number);
    }
    return frame;
  }

  Register[] registers() {
    return frame().registers;
  }

  Register register(int number) {
    return frame().registers[number];
  }

  /** A copy that shares nothing but the parent. */
  State copy() {
    State copy = new State();
    for (int i = 0; i <= current; i++) {
      copy.frames[i] = frame(i).copy();
    }
    copy.current = current;
    copy.parent = parent;
    copy.branches = branches;
    copy.slot = slot;
    copy.firstSlot = firstSlot;
    copy.lastSlot = lastSlot;
    copy.depth = depth;
    copy.unrolledCallbacks = unrolledCallbacks;
    copy.mayGotoDepth = mayGotoDepth;
    copy.sleepable = sleepable;
    copy.speculative = speculative;
    copy.references = references;
    copy.locks = locks;
    copy.activeLockId = activeLockId;
    copy.activeLock = activeLock;
    copy.rcuLocks = rcuLocks;
    copy.preemptLocks = preemptLocks;
    copy.irqSection = irqSection;
    copy.steps = Arrays.copyOf(steps, stepCount);
    copy.linked = Arrays.copyOf(linked, stepCount);
    copy.stepCount = stepCount;
    copy.equal = equal;
    return copy;
  }

  void acquire(Reference reference) {
    references = Arrays.copyOf(references, references.length + 1);
    references[references.length - 1] = reference;
    if (reference.kind() == Reference.LOCK) {
      locks++;
    }
  }

  /** Gives a reference or lock back, and says whether it was held. */
  boolean release(int kind, int id) {
    for (int i = references.length - 1; i >= 0; i--) {
      if (references[i].kind() == kind && references[i].id() == id) {
        Reference[] left = new Reference[references.length - 1];
        System.arraycopy(references, 0, left, 0, i);
        System.arraycopy(references, i + 1, left, i, left.length - i);
        references = left;
        if (kind == Reference.LOCK) {
          locks--;
        }
        return true;
      }
    }
    return false;
  }

  /** The slot at which a frame is: of its call, where it has called another. */
  int slotOf(int frame) {
    return frame == current ? slot : frame(frame + 1).callSite;
  }

  /** Does something with every register and spilled register of all frames. */
  void forEachRegister(RegisterAction action) {
    for (int i = 0; i <= current; i++) {
      Frame frame = frame(i);
      for (Register register : frame.registers) {
        action.accept(frame, register);
      }
      for (int slot = 0; slot < frame.slots(); slot++) {
        if (frame.isSpilled(slot)) {
          action.accept(frame, frame.spill(slot));
        }
      }
    }
  }

  /** What is done with a register. */
  @FunctionalInterface
  interface RegisterAction {
    /** Does it. */
    void accept(Frame frame, Register register);
  }

  // Steps: 22 bits of slot, 22 of the slot before, 20 of flags.

  /** Set in a step: it reads or writes the stack, at the slot and frame in the bits above. */
  static final int STACK_ACCESS = 1;

  static final int SOURCE_ON_STACK = 1 << 1;
  static final int DESTINATION_ON_STACK = 1 << 2;
  private static final int FRAME_SHIFT = 3;
  private static final int STACK_SLOT_SHIFT = 6;
  private static final int SLOT_BITS = 22;
  private static final long SLOT_MASK = (1L << SLOT_BITS) - 1;

  static int stackAccess(int stackSlot, int frame) {
    return STACK_ACCESS | frame << FRAME_SHIFT | stackSlot << STACK_SLOT_SHIFT;
  }

  static int accessedFrame(int flags) {
    return flags >> FRAME_SHIFT & 7;
  }

  static int accessedSlot(int flags) {
    return flags >> STACK_SLOT_SHIFT & 63;
  }

  void addStep(int at, int before, int flags, long linkedRegisters) {
    if (stepCount == steps.length) {
      int room = Math.max(8, 2 * stepCount);
      steps = Arrays.copyOf(steps, room);
      linked = Arrays.copyOf(linked, room);
    }
    steps[stepCount] = at & SLOT_MASK | (before & SLOT_MASK) << SLOT_BITS | (long) flags << 44;
    linked[stepCount++] = linkedRegisters;
  }

  void extendLastStep(int flags, long linkedRegisters) {
    steps[stepCount - 1] |= (long) flags << 44;
    linked[stepCount - 1] |= linkedRegisters;
  }

  int stepSlot(int index) {
    return (int) (steps[index] & SLOT_MASK);
  }

  int stepBefore(int index) {
    int before = (int) (steps[index] >>> SLOT_BITS & SLOT_MASK);
    return before == SLOT_MASK ? -1 : before;
  }

  int stepFlags(int index) {
    return (int) (steps[index] >>> 44);
  }

  void clearSteps() {
    stepCount = 0;
  }
}
