package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Slot;
import java.util.Arrays;

/**
 * The {@code bpf_spin_lock}s that programs on one CPU hold. A program that is stopped in the middle
 * would leave its locks taken for good; so each is noted with the program's level of nesting.
 */
public final class HeldLocks {
  private static final Slot<HeldLocks> SLOT = Slot.of(HeldLocks.class);

  private long[] addresses = new long[2];
  private int[] levels = new int[2];
  private int count;

  private HeldLocks() {}

  /** The locks held on a CPU, for the thread that is on it. */
  public static HeldLocks on(Cpu cpu) {
    return cpu.slots().getOrSet(SLOT, HeldLocks::new);
  }

  void add(int level, long address) {
    if (count == addresses.length) {
      addresses = Arrays.copyOf(addresses, count * 2);
      levels = Arrays.copyOf(levels, count * 2);
    }
    addresses[count] = address;
    levels[count++] = level;
  }

  void remove(long address) {
    for (int i = count - 1; i >= 0; i--) {
      if (addresses[i] == address) {
        count--;
        System.arraycopy(addresses, i + 1, addresses, i, count - i);
        System.arraycopy(levels, i + 1, levels, i, count - i);
        return;
      }
    }
  }

  /** Frees what the program at a level of nesting, or one inside it, holds. */
  public void release(int level) {
    while (count > 0 && levels[count - 1] >= level) {
      SpinLock.unlock(addresses[--count]);
    }
  }
}
