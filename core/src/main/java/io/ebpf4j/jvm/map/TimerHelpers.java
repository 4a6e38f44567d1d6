package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Helper;
import io.ebpf4j.spec.Errno;

/** The helpers by which programs use timers in their map values. */
public final class TimerHelpers {
  private static final int CLOCK_REALTIME = 0;
  private static final int CLOCK_MONOTONIC = 1;
  private static final int CLOCK_BOOTTIME = 7;
  private static final long TIMER_ABS = 1;
  private static final long TIMER_CPU_PIN = 2;

  private TimerHelpers() {}

  /** Makes a timer of a clock (0, 1 or 7 in the flags). */
  @Helper(
      id = 169,
      name = "timer_init",
      arguments = {Argument.TIMER, Argument.MAP, Argument.ANYTHING},
      gplOnly = true)
  public static long timerInit(Cpu cpu, long timer, long map, long flags) {
    Timer.Base base;
    if (flags == CLOCK_MONOTONIC) {
      base = Timer.Base.MONOTONIC;
    } else if (flags == CLOCK_REALTIME) {
      base = Timer.Base.REALTIME;
    } else if (flags == CLOCK_BOOTTIME) {
      base = Timer.Base.BOOTTIME;
    } else {
      return -Errno.EINVAL.number();
    }
    JvmMap owner = MapTable.get(cpu, map);
    long value = timer - owner.specialFields().timerOffset();
    if (owner.specialFields().timerOffset() < 0 || !owner.holdsValue(value)) {
      return -Errno.EINVAL.number();
    }
    return timers(cpu).init(timer, owner, value, base);
  }

  /** Says which function the timer calls. */
  @Helper(
      id = 170,
      name = "timer_set_callback",
      arguments = {Argument.TIMER, Argument.FUNCTION},
      gplOnly = true)
  public static long timerSetCallback(Cpu cpu, long timer, long function) {
    return timers(cpu).setCallback(cpu, timer, function);
  }

  /** Starts the timer, which fires on this CPU. */
  @Helper(
      id = 171,
      name = "timer_start",
      arguments = {Argument.TIMER, Argument.ANYTHING, Argument.ANYTHING},
      gplOnly = true)
  public static long timerStart(Cpu cpu, long timer, long nanos, long flags) {
    if ((flags & ~(TIMER_ABS | TIMER_CPU_PIN)) != 0) {
      return -Errno.EINVAL.number();
    }
    return timers(cpu).start(cpu, timer, nanos, (flags & TIMER_ABS) != 0);
  }

  /** Stops the timer and forgets its function. */
  @Helper(
      id = 172,
      name = "timer_cancel",
      arguments = {Argument.TIMER},
      gplOnly = true)
  public static long timerCancel(Cpu cpu, long timer) {
    return timers(cpu).cancel(timer);
  }

  private static Timers timers(Cpu cpu) {
    return cpu.machine().slots().get(MapTable.SLOT).timers();
  }
}
