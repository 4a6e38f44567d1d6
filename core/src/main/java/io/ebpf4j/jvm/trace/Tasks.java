package io.ebpf4j.jvm.trace;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.jvm.map.CgroupTree;
import io.ebpf4j.spec.Errno;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The tasks of a kernel: the threads that programs have run on or that users have opened. A task is
 * made when it is first asked for; a while after its thread has ended it goes. Thread safe.
 */
public final class Tasks {
  /** Where a kernel's tasks are found. */
  public static final Slot<Tasks> SLOT = Slot.of(Tasks.class);

  private static final Slot<Last> LAST = Slot.of(Last.class);

  /** Linux's PID_MAX_LIMIT. */
  private static final int PIDS = 1 << 22;

  private static final long FIRST_THREAD = 1;
  private static final long LOOK_NANOS = 20_000_000;

  private final Machine machine;
  private final Map<Long, Task> byThread = new ConcurrentHashMap<>();
  private final Map<Integer, Task> byPid = new ConcurrentHashMap<>();

  @SuppressWarnings("ThreadLocalUsage") // A thread is another task in another kernel.
  private final ThreadLocal<Task> own = new ThreadLocal<>();

  private final int tgid;
  private int lastPid;
  private @Nullable Thread watcher;
  private volatile boolean closed;

  /** The thread that was on a CPU last, and its task. */
  private static final class Last {
    @Nullable Thread thread;
    @Nullable Task task;
  }

  Tasks(Machine machine) {
    this.machine = machine;
    tgid = (int) (ProcessHandle.current().pid() % PIDS);
    machine.slots().set(SLOT, this);
    machine.slots().get(CgroupTree.SLOT).findCurrentBy(() -> current().cgroup());
    for (Cpu cpu : machine.cpus()) {
      cpu.slots().set(LAST, new Last());
    }
  }

  Machine machine() {
    return machine;
  }

  /** The task of the thread that is on a CPU. */
  public static Task current(Cpu cpu) {
    Last last = cpu.slots().get(LAST);
    Thread thread = Thread.currentThread();
    Task task = last.task;
    if (task == null || last.thread != thread) {
      task = cpu.machine().slots().get(SLOT).current();
      last.thread = thread;
      last.task = task;
    }
    task.refreshName(thread);
    return task;
  }

  /** The task of the calling thread; it lives as long as the thread. */
  public Task current() {
    Task task = own.get();
    if (task == null) {
      task = find(Thread.currentThread());
      own.set(task);
    }
    return task;
  }

  /**
   * The task of a thread, held for the caller.
   *
   * @throws BpfException ESRCH where it has ended or not begun
   */
  public Task hold(Thread thread) {
    if (thread.isAlive()) {
      Task task = find(thread);
      if (task.tryRetain()) {
        return task;
      }
    }
    throw new BpfException(Errno.ESRCH, thread + " is not running");
  }

  /** How many tasks there are. */
  public int size() {
    return byThread.size();
  }

  private Task find(Thread thread) {
    Task task = byThread.get(thread.threadId());
    return task != null ? task : make(thread);
  }

  private synchronized Task make(Thread thread) {
    Task there = byThread.get(thread.threadId());
    if (there != null) {
      return there;
    }
    boolean isFirst = thread.threadId() == FIRST_THREAD;
    Task task =
        new Task(
            this,
            thread,
            isFirst ? tgid : nextPid(),
            tgid,
            machine.slots().get(CgroupTree.SLOT).root());
    byThread.put(thread.threadId(), task);
    byPid.put(task.pid(), task);
    if (watcher == null) {
      watcher = Thread.ofPlatform().daemon().name("ebpf4j-tasks").start(this::watch);
    }
    return task;
  }

  /** The next number that no task has, as Linux gives them. */
  private int nextPid() {
    do {
      lastPid = lastPid + 1 == PIDS ? 1 : lastPid + 1;
    } while (lastPid == tgid || byPid.containsKey(lastPid));
    return lastPid;
  }

  /** Nothing tells that a thread has ended: while there are tasks, their threads are looked at. */
  private void watch() {
    while (!closed) {
      LockSupport.parkNanos(LOOK_NANOS);
      for (Task task : byThread.values()) {
        if (task.hasEnded()) {
          forget(task);
        }
      }
      synchronized (this) {
        if (byThread.isEmpty()) {
          watcher = null;
          return;
        }
      }
    }
  }

  private void forget(Task task) {
    if (byThread.remove(task.threadId(), task)) {
      byPid.remove(task.pid(), task);
      task.release();
    }
  }

  /** Ends all, when no program runs any more. */
  void close() {
    closed = true;
    Thread running;
    synchronized (this) {
      running = watcher;
    }
    if (running != null) {
      LockSupport.unpark(running);
      joinUninterruptibly(running);
    }
    byThread.values().forEach(this::forget);
  }

  private static void joinUninterruptibly(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
