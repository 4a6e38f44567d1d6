package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.memory.Block;

/**
 * Raw memory for the keys that bpf_for_each_map_elem shows its callback: for each CPU a small
 * stack, since a callback may walk another map. Used by the thread on the CPU.
 */
final class CallbackKeys implements AutoCloseable {
  /** Callbacks inside each other: no more than functions fit on the stacks of all programs. */
  static final int DEPTH = Cpu.FRAMES * Cpu.NESTING;

  private static final int KEY_BYTES = Long.BYTES;

  private final Block keys;
  private final int[] depth;

  CallbackKeys(int cpuCount) {
    keys = Block.allocate((long) cpuCount * DEPTH * KEY_BYTES, Long.BYTES);
    depth = new int[cpuCount];
  }

  /** The address of a fresh key, or 0 where callbacks are too deep. */
  long push(Cpu cpu) {
    int number = cpu.number();
    return depth[number] == DEPTH ? 0 : base(cpu) + (long) KEY_BYTES * depth[number]++;
  }

  void pop(Cpu cpu) {
    depth[cpu.number()]--;
  }

  @Override
  public void close() {
    keys.close();
  }

  private long base(Cpu cpu) {
    return keys.address() + (long) cpu.number() * DEPTH * KEY_BYTES;
  }
}
