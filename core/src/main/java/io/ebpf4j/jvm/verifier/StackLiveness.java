package io.ebpf4j.jvm.verifier;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which slots of the stack an instruction, or one behind it, may still read. What is read and
 * written is noted during the walk, for each chain of calls on its own, since a callee may reach
 * into its callers' frames; at the end of each way it is carried backwards.
 */
final class StackLiveness {
  private final Flow flow;
  private final Map<List<Integer>, Instance> instances = new HashMap<>();
  private final long[] writes = new long[State.MAX_FRAMES];
  private final int[] @Nullable [] orders;
  private @Nullable Instance currentInstance;
  private int writeSlot;

  StackLiveness(Flow flow) {
    this.flow = flow;
    this.orders = new int[flow.functions()][];
  }

  /** A function by way of certain calls. */
  private static final class Instance {
    final int[] callSites;
    final int start;
    final int size;
    final @Nullable FrameMasks[] frames;
    final boolean[] written;
    boolean changed;
    boolean writesDropped;

    Instance(int[] callSites, int start, int size) {
      this.callSites = callSites;
      this.start = start;
      this.size = size;
      this.frames = new @Nullable FrameMasks[callSites.length + 1];
      this.written = new boolean[size];
    }

    FrameMasks masks(int frame) {
      FrameMasks masks = frames[frame];
      if (masks == null) {
        masks = new FrameMasks(size);
        frames[frame] = masks;
      }
      return masks;
    }
  }

  /** The slots of one frame, as bits, for each instruction of a function. */
  private static final class FrameMasks {
    final long[] mayRead;
    final long[] mustWrite;
    final long[] mustWriteFromHere;
    final long[] liveBefore;

    FrameMasks(int size) {
      mayRead = new long[size];
      mustWrite = new long[size];
      mustWriteFromHere = new long[size];
      liveBefore = new long[size];
    }
  }

  /** The walk has entered or left a function, or gone back. */
  void framesChanged() {
    currentInstance = null;
  }

  private Instance instance(State state) {
    Instance instance = currentInstance;
    if (instance == null) {
      instance = instance(state, state.current);
      currentInstance = instance;
    }
    return instance;
  }

  private Instance instance(State state, int frame) {
    int[] callSites = new int[frame];
    for (int i = 0; i < frame; i++) {
      callSites[i] = state.frame(i + 1).callSite;
    }
    return instance(callSites, state.frame(frame).subProgram);
  }

  private Instance instance(int[] callSites, int function) {
    List<Integer> key = new ArrayList<>(callSites.length + 1);
    for (int site : callSites) {
      key.add(site);
    }
    key.add(function);
    return instances.computeIfAbsent(
        key,
        k ->
            new Instance(
                callSites, flow.start(function), flow.end(function) - flow.start(function)));
  }

  /** An instruction is about to be looked at. */
  void begin(State state, int slot) {
    Instance instance = instance(state);
    writeSlot = slot;
    for (int i = 0; i < instance.frames.length; i++) {
      writes[i] = 0;
    }
  }

  /** An instruction writes whole slots of a frame. */
  void write(int frame, long slots) {
    writes[frame] |= slots;
  }

  /** An instruction may read slots of a frame. */
  void read(State state, int frame, int slot, long slots) {
    read(instance(state), frame, slot, slots);
  }

  private static void read(Instance instance, int frame, int slot, long slots) {
    if (slots == 0 && instance.frames[frame] == null) {
      return;
    }
    FrameMasks masks = instance.masks(frame);
    int index = slot - instance.start;
    if ((masks.mayRead[index] | slots) != masks.mayRead[index]) {
      masks.mayRead[index] |= slots;
      instance.changed = true;
    }
  }

  /** The instruction has been looked at. */
  void end() {
    Instance instance = currentInstance;
    if (instance != null) {
      commit(instance);
    }
  }

  private void commit(Instance instance) {
    int index = writeSlot - instance.start;
    for (int frame = 0; frame < instance.frames.length; frame++) {
      long mask = writes[frame];
      if (instance.frames[frame] == null && mask == 0) {
        continue;
      }
      FrameMasks masks = instance.masks(frame);
      long old = masks.mustWrite[index];
      if (instance.written[index]) {
        mask &= old;
      }
      if (old != mask) {
        masks.mustWrite[index] = mask;
        instance.changed = true;
      }
      if ((old & ~mask) != 0) {
        instance.writesDropped = true;
      }
    }
    instance.written[index] = true;
  }

  /** A way has ended, or a function: carries what was noted backwards, outwards too. */
  void update(State state) {
    framesChanged();
    for (int frame = state.current; frame >= 0; frame--) {
      update(instance(state, frame), state, frame);
    }
  }

  private void update(Instance instance, State state, int current) {
    if (!instance.changed) {
      return;
    }
    int[] order = order(flow.functionOf(instance.start));
    for (FrameMasks masks : instance.frames) {
      if (masks == null) {
        continue;
      }
      if (instance.writesDropped) {
        java.util.Arrays.fill(masks.liveBefore, 0);
        java.util.Arrays.fill(masks.mustWriteFromHere, 0);
      }
      boolean changed = true;
      while (changed) {
        changed = false;
        for (int slot : order) {
          changed |= update(instance, masks, slot);
        }
      }
    }
    if (current > 0) {
      Instance outer = instance(state, current - 1);
      int site = instance.callSites[current - 1];
      writeSlot = site;
      for (int frame = 0; frame < current; frame++) {
        writes[frame] = 0;
        FrameMasks masks = instance.frames[frame];
        if (masks != null) {
          writes[frame] = masks.mustWriteFromHere[0];
          read(outer, frame, site, masks.liveBefore[0]);
        }
      }
      commit(outer);
    }
    instance.changed = false;
    instance.writesDropped = false;
  }

  private boolean update(Instance instance, FrameMasks masks, int slot) {
    int index = slot - instance.start;
    long after = 0;
    long writtenAfter = 0;
    int[] successors = flow.successors(slot);
    for (int i = 0; i < successors.length; i++) {
      int next = successors[i] - instance.start;
      after |= masks.liveBefore[next];
      writtenAfter =
          i == 0 ? masks.mustWriteFromHere[next] : writtenAfter & masks.mustWriteFromHere[next];
    }
    if (flow.isTailCall(slot)) {
      // The function may end here, and write nothing more.
      writtenAfter = 0;
    }
    long live = (after & ~masks.mustWrite[index]) | masks.mayRead[index];
    long written = writtenAfter | masks.mustWrite[index];
    boolean changed = live != masks.liveBefore[index] || written != masks.mustWriteFromHere[index];
    masks.liveBefore[index] = live;
    masks.mustWriteFromHere[index] = written;
    return changed;
  }

  /** The slots of a function, each behind those that follow it where no loop prevents that. */
  private int[] order(int function) {
    int[] order = orders[function];
    if (order == null) {
      order = new PostOrder(flow, flow.start(function), flow.end(function)).slots();
      orders[function] = order;
    }
    return order;
  }

  /** Whether a slot of a frame may still be read from where a state is. */
  boolean isLive(State state, int frame, int stackSlot) {
    if (isLive(instance(state, state.current), state.slot, frame, stackSlot)) {
      return true;
    }
    for (int i = frame; i < state.current; i++) {
      int site = state.frame(i + 1).callSite;
      int from = flow.callsCallback.get(site) ? site : site + 1;
      if (isLive(instance(state, i), from, frame, stackSlot)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isLive(Instance instance, int slot, int frame, int stackSlot) {
    FrameMasks masks = instance.frames[frame];
    return masks != null && (masks.liveBefore[slot - instance.start] >> stackSlot & 1) != 0;
  }
}
