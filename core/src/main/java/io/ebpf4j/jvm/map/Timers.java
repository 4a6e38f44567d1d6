package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Activation.BoundFunction;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.cpu.ManualClock;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * The timers of one kernel. The first 8 bytes of a {@code bpf_timer} in a value hold the timer's
 * number here, 0 before it is initialised. One thread, there while timers are queued, fires them in
 * order on the CPUs that started them; with a {@link ManualClock} it is the thread that advances
 * it. Thread safe.
 */
final class Timers implements AutoCloseable {
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final long LONGEST_SLEEP_NANOS = 1_000_000_000L;

  private final Machine machine;
  private final CallbackKeys keys;
  private final @Nullable ManualClock manual;
  private final ManualClock.Alarm alarm = new TimerAlarm();
  private final List<@Nullable Timer> timers = new ArrayList<>();
  private final Deque<Integer> freeIds = new ArrayDeque<>();
  private final PriorityQueue<Timer> queue =
      new PriorityQueue<>(
          Comparator.<Timer>comparingLong(timer -> timer.dueNanos)
              .thenComparingLong(timer -> timer.order));
  private @Nullable Thread thread;
  private @Nullable Timer running;
  private @Nullable Thread runner;
  private long orders;
  private boolean closed;

  Timers(Machine machine, CallbackKeys keys) {
    this.machine = machine;
    this.keys = keys;
    this.manual = machine.clock() instanceof ManualClock clock ? clock : null;
    if (manual != null) {
      manual.add(alarm);
    }
    timers.add(null);
  }

  /** As bpf_timer_init: 0, EBUSY or EPERM below 0. */
  synchronized long init(long address, JvmMap map, long value, Timer.Base base) {
    if (Memory.getLong(address) != 0) {
      return -Errno.EBUSY.number();
    }
    if (!map.hasUsers()) {
      return -Errno.EPERM.number();
    }
    Timer timer = new Timer(map, value, address, base);
    Integer free = freeIds.poll();
    int id = free != null ? free : timers.size();
    if (free != null) {
      timers.set(id, timer);
    } else {
      timers.add(timer);
    }
    Memory.putLong(address, id);
    return 0;
  }

  /** As bpf_timer_set_callback: 0, EINVAL or EPERM below 0. */
  synchronized long setCallback(Cpu cpu, long address, long function) {
    Timer timer = at(address);
    if (timer == null) {
      return -Errno.EINVAL.number();
    }
    if (!timer.map.hasUsers()) {
      return -Errno.EPERM.number();
    }
    BoundFunction next = cpu.activation().bind(function);
    drop(timer);
    timer.callback = next;
    return 0;
  }

  /** As bpf_timer_start: 0 or EINVAL below 0. */
  synchronized long start(Cpu cpu, long address, long nanos, boolean absolute) {
    Timer timer = at(address);
    if (timer == null || timer.callback == null) {
      return -Errno.EINVAL.number();
    }
    dequeue(timer);
    long delay = absolute ? nanos - timer.base.now(machine.clock()) : nanos;
    timer.dueNanos = later(machine.clock().monotonicNanos(), Math.max(delay, 0));
    timer.order = orders++;
    timer.cpu = cpu;
    queue.add(timer);
    if (manual == null) {
      if (thread == null) {
        thread = Thread.ofPlatform().daemon().name("ebpf4j-timers").start(this::work);
      }
      notifyAll();
    }
    return 0;
  }

  /** As bpf_timer_cancel: 1 for a timer that was queued, 0, EINVAL or EDEADLK below 0. */
  synchronized long cancel(long address) {
    Timer timer = at(address);
    if (timer == null) {
      return -Errno.EINVAL.number();
    }
    if (running == timer && runner == Thread.currentThread()) {
      return -Errno.EDEADLOCK.number();
    }
    boolean queued = dequeue(timer);
    drop(timer);
    awaitEnd(timer);
    return queued ? 1 : 0;
  }

  /** Ends the timer of a value that is replaced, if it has one. */
  void free(MemorySegment values, long offset) {
    long id = (long) LONG.getAndSet(values, offset, 0L);
    if (id != 0) {
      free((int) id);
    }
  }

  /** As {@link #free(MemorySegment, long)}, of memory that stays. */
  void free(long address) {
    long id = Memory.getAndSetLong(address, 0);
    if (id != 0) {
      free((int) id);
    }
  }

  /** Ends all timers of a map. */
  synchronized void freeAll(JvmMap map) {
    for (int id = 1; id < timers.size(); id++) {
      Timer timer = timers.get(id);
      if (timer != null && timer.map == map) {
        Memory.putLong(timer.field, 0);
        free(id);
      }
    }
  }

  /** Timers that were initialised and not ended. */
  synchronized long size() {
    return timers.stream().filter(timer -> timer != null).count();
  }

  @Override
  public void close() {
    Thread working;
    synchronized (this) {
      closed = true;
      queue.clear();
      notifyAll();
      working = thread;
    }
    if (manual != null) {
      manual.remove(alarm);
    }
    if (working != null && working != Thread.currentThread()) {
      join(working);
    }
  }

  private synchronized void free(int id) {
    Timer timer = timers.set(id, null);
    if (timer != null) {
      freeIds.add(id);
      dequeue(timer);
      drop(timer);
    }
  }

  private @Nullable Timer at(long address) {
    long id = Memory.getLong(address);
    return id > 0 && id < timers.size() ? timers.get((int) id) : null;
  }

  private boolean dequeue(Timer timer) {
    timer.cpu = null;
    return queue.remove(timer);
  }

  private static void drop(Timer timer) {
    BoundFunction callback = timer.callback;
    timer.callback = null;
    if (callback != null) {
      callback.close();
    }
  }

  private void awaitEnd(Timer timer) {
    boolean interrupted = false;
    while (running == timer) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static long later(long now, long delay) {
    long due = now + delay;
    return due < now ? Long.MAX_VALUE - 1 : due;
  }

  private void work() {
    while (awaitDue()) {
      try {
        fireDue();
      } catch (RuntimeException e) {
        // Nobody called the program: whoever watches its output learns why it was stopped.
        machine.trace().accept("a bpf_timer callback was stopped: " + e.getMessage());
      }
    }
  }

  /** Waits until a timer is due; false, and no thread any more, where none is queued. */
  private synchronized boolean awaitDue() {
    while (true) {
      Timer next = queue.peek();
      if (next == null || closed) {
        thread = null;
        return false;
      }
      long left = next.dueNanos - machine.clock().monotonicNanos();
      if (left <= 0) {
        return true;
      }
      long sleep = Math.min(left, LONGEST_SLEEP_NANOS);
      try {
        wait(sleep / 1_000_000, (int) (sleep % 1_000_000));
      } catch (InterruptedException e) {
        // Nobody interrupts this thread on purpose; what is queued still has to fire.
      }
    }
  }

  /** Fires the first timer, if it is due. */
  private void fireDue() {
    Timer timer;
    Cpu cpu;
    synchronized (this) {
      timer = queue.peek();
      if (timer == null || timer.dueNanos > machine.clock().monotonicNanos()) {
        return;
      }
      cpu = timer.cpu;
    }
    if (cpu == null) {
      return;
    }
    // The CPU is entered without the lock: a program on it may be waiting for the lock. What was
    // first may have been cancelled, restarted or overtaken meanwhile.
    cpu.enter();
    try {
      BoundFunction callback = claim(timer, cpu);
      if (callback != null) {
        call(timer, cpu, callback);
      }
    } finally {
      cpu.exit();
    }
  }

  private synchronized @Nullable BoundFunction claim(Timer timer, Cpu cpu) {
    if (queue.peek() != timer || timer.cpu != cpu) {
      return null;
    }
    dequeue(timer);
    BoundFunction callback = timer.callback;
    if (callback != null) {
      running = timer;
      runner = Thread.currentThread();
    }
    return callback;
  }

  private void call(Timer timer, Cpu cpu, BoundFunction callback) {
    long room = keys.push(cpu);
    try {
      long key = timer.map.keyOf(timer.value, room);
      callback.call(cpu, timer.map.address(), key, timer.value);
    } finally {
      keys.pop(cpu);
      synchronized (this) {
        running = null;
        runner = null;
        notifyAll();
      }
    }
  }

  private static void join(Thread working) {
    boolean interrupted = false;
    while (working.isAlive()) {
      try {
        working.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The queue as an alarm of a manual clock. */
  private final class TimerAlarm implements ManualClock.Alarm {
    @Override
    public long dueNanos() {
      synchronized (Timers.this) {
        Timer next = queue.peek();
        return next == null ? Long.MAX_VALUE : next.dueNanos;
      }
    }

    @Override
    public void ring() {
      fireDue();
    }
  }
}
