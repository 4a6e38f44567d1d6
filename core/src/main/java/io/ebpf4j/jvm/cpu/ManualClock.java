package io.ebpf4j.jvm.cpu;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A clock that stands still until it is advanced. What is due on the way happens on the advancing
 * thread, in order, while the clock shows the time it was due at. Thread safe.
 */
public final class ManualClock implements Clock {
  private final List<Alarm> alarms = new CopyOnWriteArrayList<>();
  private volatile long now;

  /** A clock that shows {@code nanos}. */
  public ManualClock(long nanos) {
    now = nanos;
  }

  /** Something that happens at certain times. */
  public interface Alarm {
    /** When it is due next, or {@link Long#MAX_VALUE} for never. */
    long dueNanos();

    /** Does what is due. */
    void ring();
  }

  /** Makes an alarm ring from now on. */
  public void add(Alarm alarm) {
    alarms.add(alarm);
  }

  /** Makes an alarm ring no more. */
  public void remove(Alarm alarm) {
    alarms.remove(alarm);
  }

  /**
   * Moves on.
   *
   * @param nanos at least 0
   */
  public synchronized void advance(long nanos) {
    if (nanos < 0) {
      throw new IllegalArgumentException("a clock does not go back, not by " + nanos + " ns");
    }
    long target = now + nanos;
    while (true) {
      Alarm next = null;
      for (Alarm alarm : alarms) {
        if (alarm.dueNanos() <= target && (next == null || alarm.dueNanos() < next.dueNanos())) {
          next = alarm;
        }
      }
      if (next == null) {
        now = target;
        return;
      }
      now = Math.max(now, next.dueNanos());
      next.ring();
    }
  }

  @Override
  public long monotonicNanos() {
    return now;
  }

  @Override
  public long bootNanos() {
    return now;
  }

  @Override
  public long taiNanos() {
    return now;
  }
}
