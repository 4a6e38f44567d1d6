package io.ebpf4j.jvm.compiler;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.memory.Memory;

/**
 * How long the loops of a function that may_goto bounds go on, as x86-64 Linux 6.18 does it: every
 * 65,535th turn asks the clock, a quarter of a second is the end. A clock that stands still is
 * asked 128 times. The count is kept in the function's frame.
 */
public final class MayGoto {
  /** Bytes of the frame that the count takes. */
  static final int BYTES = 16;

  private static final int LEFT = 0;
  private static final int LOOKS = 4;
  private static final int START = 8;
  private static final int CHUNK = 0xffff;
  private static final long LOOKS_AT_STILL_CLOCK = 128;
  private static final long NANOS = 250_000_000;

  private MayGoto() {}

  /** Begins a count, where the function begins. */
  public static void begin(long count) {
    Memory.putInt(count + LEFT, CHUNK);
    Memory.putInt(count + LOOKS, 0);
  }

  /** Whether the loop goes on. */
  public static boolean goesOn(Cpu cpu, long count) {
    int left = Memory.getInt(count + LEFT);
    if (left == 0) {
      return false;
    }
    Memory.putInt(count + LEFT, left - 1);
    return left > 1 || look(cpu, count);
  }

  private static boolean look(Cpu cpu, long count) {
    long now = cpu.machine().clock().monotonicNanos();
    int looks = Memory.getInt(count + LOOKS);
    if (looks == 0) {
      Memory.putLong(count + START, now);
    }
    Memory.putInt(count + LOOKS, looks + 1);
    long elapsed = now - Memory.getLong(count + START);
    boolean spent = elapsed >= NANOS || elapsed == 0 && looks + 1 >= LOOKS_AT_STILL_CLOCK;
    Memory.putInt(count + LEFT, spent ? 0 : CHUNK);
    return !spent;
  }
}
