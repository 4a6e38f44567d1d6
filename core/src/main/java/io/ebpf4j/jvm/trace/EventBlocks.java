package io.ebpf4j.jvm.trace;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;

/**
 * Raw memory of one CPU for the arguments of events: a place for each event that may be under way,
 * one inside of the other. In front of the arguments lies how many bytes they have, where the
 * context of raw tracepoints looks for it.
 */
final class EventBlocks implements AutoCloseable {
  static final Slot<EventBlocks> SLOT = Slot.of(EventBlocks.class);

  private static final int STRIDE = (Tracepoint.MAX_ARGUMENTS + 1) * Long.BYTES;

  private final Block block = Block.allocate((long) Cpu.NESTING * STRIDE, Long.BYTES);
  private int depth;

  /** The next place, or 0 where an event happened inside of as many as there are places. */
  long take(int bytes) {
    if (depth == Cpu.NESTING) {
      return 0;
    }
    long context = block.address() + (long) depth++ * STRIDE + Long.BYTES;
    Memory.putInt(context + ArgumentBlocks.SIZE_OFFSET, bytes);
    return context;
  }

  void giveBack() {
    depth--;
  }

  @Override
  public void close() {
    block.close();
  }
}
