package io.ebpf4j.jvm.verifier;

import io.ebpf4j.isa.Isa;
import io.ebpf4j.jvm.verifier.StateEquality.Exactness;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The checkpoints: states kept at points where ways join. A state that a checkpoint covers needs no
 * walk of its own; one that comes back to itself is in an endless loop. When a checkpoint is made
 * and when it is dropped follows Linux's heuristics, since the limits and the log count on them.
 */
final class Exploration {
  private static final int MAX_STEPS = 40;
  private static final int MAX_ROUNDS = 64;
  private static final int UNPRIVILEGED_STATES = 64;

  private final Flow flow;
  private final Precision precision;
  private final StateEquality equality;
  private final StackLiveness stack;
  private final int[] liveRegisters;
  private final boolean privileged;
  private final @Nullable Deque<State>[] buckets;
  private final Map<List<Integer>, LoopVisit> visits = new HashMap<>();

  private int kept;
  private int dropped;
  private int backEdges;
  private int jumps;
  private int jumpsAtCheckpoint;
  private int instructions;
  private int instructionsAtCheckpoint;

  int maxStatesPerSlot;
  int totalStates;
  int peakStates;

  @SuppressWarnings({"unchecked", "rawtypes"})
  Exploration(
      Flow flow,
      Precision precision,
      StateEquality equality,
      StackLiveness stack,
      int[] liveRegisters,
      boolean privileged) {
    this.flow = flow;
    this.precision = precision;
    this.equality = equality;
    this.stack = stack;
    this.liveRegisters = liveRegisters;
    this.privileged = privileged;
    this.buckets = new Deque[liveRegisters.length];
  }

  /** What is left to do in a loop whose checkpoints have open ways. */
  private static final class LoopVisit {
    @Nullable State entry;
    final List<State> backEdges = new ArrayList<>();
  }

  void processed() {
    instructions++;
  }

  void jumped() {
    jumps++;
  }

  int instructions() {
    return instructions;
  }

  /** Forgets all checkpoints, before another function is verified. */
  void restart() {
    java.util.Arrays.fill(buckets, null);
    visits.clear();
    kept = 0;
    dropped = 0;
    backEdges = 0;
  }

  /** What a visit of a prune point found. */
  enum Visit {
    /** Nothing: go on. */
    NEW,
    /** A checkpoint covers the state: the way ends. */
    COVERED,
    /** The state comes back to itself. */
    ENDLESS
  }

  /** The checkpoint that the last endless visit came back to. */
  @Nullable State endless;

  /**
   * Holds a state against the checkpoints of its slot and perhaps makes it one.
   *
   * @param jumpPoint notes a jump in the state
   * @param lastId the last id that was given out
   */
  Visit visit(State now, Runnable jumpPoint, int lastId) {
    int slot = now.slot;
    boolean force = flow.checkpoints.get(slot) || now.stepCount > MAX_STEPS;
    boolean add =
        force || (jumps - jumpsAtCheckpoint >= 2 && instructions - instructionsAtCheckpoint >= 8);
    int bucket = bucket(slot, now);
    Deque<State> list = buckets[bucket];
    if (list == null) {
      list = new ArrayDeque<>();
      buckets[bucket] = list;
    }
    clean(list, now);
    int count = 0;
    for (Iterator<State> iterator = list.iterator(); iterator.hasNext(); ) {
      State old = iterator.next();
      count++;
      if (old.slot != slot) {
        continue;
      }
      boolean loop = false;
      boolean hit = false;
      if (old.branches > 0) {
        switch (revisit(old, now, lastId)) {
          case COVERED -> {
            hit = true;
            loop = true;
          }
          case ENDLESS -> {
            endless = old;
            return Visit.ENDLESS;
          }
          case NEW -> {
            if (!force
                && jumps - jumpsAtCheckpoint < 20
                && instructions - instructionsAtCheckpoint < 100) {
              add = false;
            }
          }
        }
      } else {
        loop = isIncomplete(old);
        Exactness exactness = loop ? Exactness.WITHIN_RANGES : Exactness.LOOSE;
        hit = equality.covers(old, now, exactness, lastId);
      }
      if (hit) {
        hit(old, now, loop, jumpPoint);
        return Visit.COVERED;
      }
      if (add) {
        old.misses++;
      }
      int patience = flow.checkpoints.get(slot) && old.branches > 0 ? 64 : 3;
      if (old.misses > old.hits * patience + patience) {
        iterator.remove();
        drop(old);
      }
    }
    maxStatesPerSlot = Math.max(maxStatesPerSlot, count);
    if (add && (privileged || count <= UNPRIVILEGED_STATES)) {
      checkpoint(list, now);
    }
    return Visit.NEW;
  }

  /** Holds a state against a checkpoint from which a way is still open: this one. */
  private Visit revisit(State old, State now, int lastId) {
    int slot = now.slot;
    Frame frame = old.frame();
    if (frame.inAsyncCallback && frame.asyncEntries != now.frame().asyncEntries) {
      return Visit.NEW;
    }
    if (flow.iteratorNexts.get(slot)) {
      boolean alike = equality.covers(old, now, Exactness.WITHIN_RANGES, lastId);
      return alike && Iterators.isActive(now) ? Visit.COVERED : Visit.NEW;
    }
    if (flow.callsCallback.get(slot)) {
      return equality.covers(old, now, Exactness.WITHIN_RANGES, lastId) ? Visit.COVERED : Visit.NEW;
    }
    if (flow.isMayGoto(slot)
        && old.mayGotoDepth != now.mayGotoDepth
        && equality.covers(old, now, Exactness.WITHIN_RANGES, lastId)) {
      return Visit.COVERED;
    }
    boolean endlessly =
        mayLoop(old, now)
            && equality.covers(old, now, Exactness.EXACT, lastId)
            && !Iterators.depthsDiffer(old, now)
            && old.mayGotoDepth == now.mayGotoDepth
            && old.unrolledCallbacks == now.unrolledCallbacks;
    return endlessly ? Visit.ENDLESS : Visit.NEW;
  }

  /** A quick look whether the registers are alike: a new id alone is a new state. */
  private static boolean mayLoop(State old, State now) {
    if (old.current != now.current) {
      return false;
    }
    for (int i = 0; i < Isa.FRAME_POINTER; i++) {
      Register before = old.register(i);
      Register after = now.register(i);
      if (before.kind != after.kind
          || before.flags != after.flags
          || before.offset != after.offset
          || before.umin != after.umin
          || before.umax != after.umax
          || before.id != after.id
          || before.reference != after.reference
          || !before.bits.equals(after.bits)) {
        return false;
      }
    }
    return true;
  }

  private void hit(State old, State now, boolean loop, Runnable jumpPoint) {
    old.hits++;
    if (flow.isJumpPoint(now.slot)) {
      jumpPoint.run();
    }
    precision.propagate(old, now);
    if (loop) {
      State edge = now.copy();
      edge.equal = old;
      LoopVisit visit = visitOf(old);
      if (visit != null) {
        visit.backEdges.add(edge);
        backEdges++;
      }
    }
  }

  private void drop(State old) {
    old.dropped = true;
    dropped++;
    kept--;
    freeIfDone(old);
  }

  private void freeIfDone(State state) {
    if (state.dropped && state.branches == 0) {
      dropped--;
      state.dropped = false;
    }
  }

  private void checkpoint(Deque<State> list, State now) {
    totalStates++;
    kept++;
    updatePeak();
    jumpsAtCheckpoint = jumps;
    instructionsAtCheckpoint = instructions;
    if (privileged) {
      Precision.forget(now);
    }
    State checkpoint = now.copy();
    checkpoint.branches = 1;
    LoopVisit visit = enterLoop(checkpoint);
    if (visit != null && visit.entry == null) {
      visit.entry = checkpoint;
    }
    now.parent = checkpoint;
    now.firstSlot = now.slot;
    now.depth = checkpoint.depth + 1;
    now.clearSteps();
    list.addFirst(checkpoint);
  }

  private void updatePeak() {
    peakStates = Math.max(peakStates, kept + dropped + backEdges);
  }

  /** The last checkpoint on this way at a slot, entered by the same calls. */
  @Nullable State previousEntry(State now, int slot) {
    Deque<State> list = buckets[bucket(slot, now)];
    if (list != null) {
      for (State old : list) {
        if (old.slot == slot
            && old.branches > 0
            && sameCallSites(old, now)
            && old.depth < now.depth) {
          return old;
        }
      }
    }
    return null;
  }

  private int bucket(int slot, State state) {
    return Integer.remainderUnsigned(slot ^ state.frame().callSite, buckets.length);
  }

  /** A way has ended: checkpoints with no other way open are done. */
  void wayEnded(State state) {
    for (State ended = state; ended != null; ended = ended.parent) {
      ended.branches--;
      if (ended.branches > 0) {
        return;
      }
      leaveLoop(ended);
      freeIfDone(ended);
    }
  }

  private void clean(Deque<State> list, State now) {
    for (State old : list) {
      if (old.branches == 0
          && old.slot == now.slot
          && !old.cleaned
          && sameCallSites(old, now)
          && !isIncomplete(old)) {
        clean(old);
      }
    }
  }

  private static boolean sameCallSites(State old, State now) {
    if (old.current != now.current) {
      return false;
    }
    for (int i = 0; i <= old.current; i++) {
      if (old.frame(i).callSite != now.frame(i).callSite) {
        return false;
      }
    }
    return true;
  }

  private void clean(State old) {
    old.cleaned = true;
    for (int f = 0; f <= old.current; f++) {
      Frame frame = old.frame(f);
      int live = liveRegisters[old.slotOf(f)];
      for (int i = 0; i < Isa.FRAME_POINTER; i++) {
        if ((live >> i & 1) == 0) {
          frame.registers[i].clear();
        }
      }
      for (int slot = 0; slot < frame.slots(); slot++) {
        if (!stack.isLive(old, f, slot)) {
          frame.clearSlot(slot);
        }
      }
    }
  }

  // Loops: precision is complete only when all ways through the loop have been walked.

  private @Nullable List<Integer> loopOf(State state) {
    List<Integer> chain = new ArrayList<>(state.current + 1);
    for (int f = 0; f <= state.current; f++) {
      int slot = state.slotOf(f);
      int loop = flow.loops[slot];
      if (loop != 0) {
        chain.add(-loop);
        return chain;
      }
      chain.add(slot);
    }
    return null;
  }

  private @Nullable LoopVisit enterLoop(State state) {
    List<Integer> loop = loopOf(state);
    return loop == null ? null : visits.computeIfAbsent(loop, key -> new LoopVisit());
  }

  private @Nullable LoopVisit visitOf(State state) {
    List<Integer> loop = loopOf(state);
    return loop == null ? null : visits.get(loop);
  }

  private boolean isIncomplete(State state) {
    LoopVisit visit = visitOf(state);
    return visit != null && !visit.backEdges.isEmpty();
  }

  private void leaveLoop(State state) {
    LoopVisit visit = visitOf(state);
    if (visit == null || visit.entry != state) {
      return;
    }
    visit.entry = null;
    backEdges -= visit.backEdges.size();
    boolean changed = true;
    for (int round = 0; changed && !visit.backEdges.isEmpty(); round++) {
      changed = false;
      if (round == MAX_ROUNDS) {
        visit.backEdges.forEach(precision::markAll);
        break;
      }
      for (State edge : visit.backEdges) {
        State equal = edge.equal;
        if (equal != null) {
          changed |= precision.propagate(equal, edge);
        }
      }
    }
    visit.backEdges.clear();
  }
}
