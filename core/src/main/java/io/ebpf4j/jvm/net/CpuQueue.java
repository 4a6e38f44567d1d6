package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.cpu.Cpu;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * An entry of a CPUMAP: a queue of frames and the thread that goes on with them on its CPU. Other
 * CPUs put frames in, eight at a time, at the end of their polls.
 */
final class CpuQueue implements RedirectMap.Target {
  private static final int BATCH = 8;

  private final int mapId;
  private final int size;
  private final Cpu cpu;
  private final @Nullable LoadedProgram program;
  private final Bulk[] bulks;
  private final long[] frames;
  private final @Nullable NetDevice[] origins;
  private final AtomicBoolean busy = new AtomicBoolean();
  private final Thread thread;
  private int first;
  private int count;
  private volatile boolean waiting;
  private volatile boolean stopping;

  /** A queue for {@code size} frames to a CPU, which holds the program. */
  CpuQueue(int mapId, int size, Cpu cpu, @Nullable LoadedProgram program, List<SoftNet> nets) {
    this.mapId = mapId;
    this.size = size;
    this.cpu = cpu;
    this.program = program;
    this.frames = new long[size];
    this.origins = new @Nullable NetDevice[size];
    this.bulks = nets.stream().map(Bulk::new).toArray(Bulk[]::new);
    this.thread =
        Thread.ofPlatform()
            .daemon()
            .name("ebpf4j-cpumap-%d-%d".formatted(mapId, cpu.number()))
            .start(this::run);
  }

  /** Frames that it takes. */
  int size() {
    return size;
  }

  /** The program's id, or 0. */
  int programId() {
    return program == null ? 0 : program.id();
  }

  /** Ends the thread once the queue is empty: nobody puts anything in any more. */
  void stop() {
    stopping = true;
    LockSupport.unpark(thread);
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
    if (program != null) {
      program.release();
    }
  }

  @Override
  public boolean endsHere() {
    return false;
  }

  @Override
  public @Nullable DropReason enqueue(SoftNet net, long frame, NetDevice from) {
    bulks[net.cpu().number()].add(frame, from);
    return null;
  }

  @Override
  public @Nullable DropReason enqueueGeneric(
      SoftNet net, long frame, NetDevice from, LoadedProgram user) {
    lock();
    boolean taken;
    try {
      taken = put(frame, from);
    } finally {
      unlock();
    }
    from.devices().events().cpumapEnqueue(mapId, net.cpu(), cpu, taken ? 0 : 1, taken ? 1 : 0);
    wake();
    return taken ? null : DropReason.CPU_QUEUE_FULL;
  }

  private boolean put(long frame, NetDevice from) {
    if (count == size) {
      return false;
    }
    int at = first + count++;
    if (at >= size) {
      at -= size;
    }
    frames[at] = frame;
    origins[at] = from;
    return true;
  }

  private void lock() {
    while (!busy.compareAndSet(false, true)) {
      Thread.onSpinWait();
    }
  }

  private void unlock() {
    busy.set(false);
  }

  private void wake() {
    if (waiting) {
      LockSupport.unpark(thread);
    }
  }

  /** The frames that one CPU has for the queue until the end of its poll. */
  private final class Bulk implements Flushable {
    private final SoftNet net;
    private final long[] waitingFrames = new long[BATCH];
    private final NetDevice[] from = new NetDevice[BATCH];
    private int waitingCount;
    private boolean listed;

    Bulk(SoftNet net) {
      this.net = net;
    }

    void add(long frame, NetDevice origin) {
      if (waitingCount == BATCH) {
        send();
      }
      if (!listed) {
        listed = true;
        net.flushToCpuLater(this);
      }
      waitingFrames[waitingCount] = frame;
      from[waitingCount++] = origin;
    }

    @Override
    public void flush() {
      listed = false;
      send();
      wake();
    }

    private void send() {
      int all = waitingCount;
      if (all == 0) {
        return;
      }
      waitingCount = 0;
      int taken = 0;
      lock();
      try {
        while (taken < all && put(waitingFrames[taken], from[taken])) {
          taken++;
        }
      } finally {
        unlock();
      }
      for (int i = taken; i < all; i++) {
        from[i].drop(net, waitingFrames[i], DropReason.CPU_QUEUE_FULL);
      }
      from[0].devices().events().cpumapEnqueue(mapId, net.cpu(), cpu, all - taken, all);
    }
  }

  // The queue's own thread.

  private void run() {
    long[] batch = new long[BATCH];
    NetDevice[] from = new NetDevice[BATCH];
    while (true) {
      int taken = take(batch, from);
      if (taken > 0) {
        goOn(batch, from, taken);
      } else if (stopping) {
        return;
      } else {
        sleep();
      }
    }
  }

  private int take(long[] batch, NetDevice[] from) {
    lock();
    try {
      int taken = 0;
      while (taken < BATCH && count > 0) {
        NetDevice origin = origins[first];
        if (origin == null) {
          throw new IllegalStateException("a frame without a device");
        }
        batch[taken] = frames[first];
        from[taken++] = origin;
        origins[first] = null;
        first = first + 1 == size ? 0 : first + 1;
        count--;
      }
      return taken;
    } finally {
      unlock();
    }
  }

  private void sleep() {
    waiting = true;
    try {
      lock();
      boolean empty = count == 0;
      unlock();
      if (empty && !stopping) {
        LockSupport.park(this);
      }
    } finally {
      waiting = false;
    }
  }

  private void goOn(long[] batch, NetDevice[] from, int taken) {
    SoftNet net = SoftNet.enter(cpu);
    int passed = 0;
    int redirected = 0;
    try {
      for (int i = 0; i < taken; i++) {
        int verdict = goOn(net, batch[i], from[i]);
        passed += verdict == XdpVerdict.PASS ? 1 : 0;
        redirected += verdict == XdpVerdict.REDIRECT ? 1 : 0;
      }
      int dropped = taken - passed - redirected;
      from[0].devices().events().cpumapKthread(mapId, cpu, taken, passed, dropped, redirected);
    } finally {
      net.leave();
    }
  }

  /** A frame that comes back from another CPU meets no generic program again. */
  private int goOn(SoftNet net, long frame, NetDevice from) {
    LoadedProgram runs = program;
    if (runs == null) {
      Reception.deliver(net, from, frame);
      return XdpVerdict.PASS;
    }
    try {
      Frames.arrive(frame, from.ifindex(), 0);
      int verdict = Reception.run(net, from, runs, frame);
      switch (verdict) {
        case XdpVerdict.PASS -> Reception.deliver(net, from, frame);
        case XdpVerdict.REDIRECT -> XdpRedirect.redirect(net, from, runs, frame);
        case XdpVerdict.DROP -> from.drop(net, frame, DropReason.XDP_DROP);
        case XdpVerdict.ABORTED -> from.drop(net, frame, DropReason.XDP_ABORTED);
        default -> from.drop(net, frame, DropReason.XDP_INVALID_VERDICT);
      }
      return verdict;
    } catch (RuntimeException fault) {
      from.devices().fault(from, fault);
      return XdpVerdict.DROP;
    }
  }
}
