package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Slot;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * What one CPU does for the network: the receive queues that wait to be polled, the bulk queues
 * that wait to be flushed, where the running program redirects to, and frames. For the thread on
 * the CPU, which does all of it before it leaves.
 */
final class SoftNet {
  /** Where a CPU keeps it. */
  static final Slot<SoftNet> SLOT = Slot.of(SoftNet.class);

  private final Cpu cpu;
  private final FramePool.Cache frames;
  private final Redirect redirect = new Redirect();
  private final Deque<FrameBatch> singles = new ArrayDeque<>();
  private final Receiver receiver = new Receiver(this);
  private final Deque<RxQueue> polls = new ArrayDeque<>();
  private final FlushList turned = new FlushList();
  private final FlushList redirected = new FlushList();
  private final FlushList toCpus = new FlushList();
  private boolean running;

  SoftNet(Cpu cpu, FramePool.Cache frames) {
    this.cpu = cpu;
    this.frames = frames;
  }

  /** Takes the CPU that the calling thread is on already, or else waits for that one. */
  static SoftNet enter(Cpu wanted) {
    Cpu cpu = wanted.machine().current();
    if (cpu == null) {
      cpu = wanted;
    }
    cpu.enter();
    SoftNet net = cpu.slots().get(SLOT);
    if (cpu.nesting() == 1) {
      net.redirect.reset();
    }
    return net;
  }

  /** Flushes and polls what waits for it, and leaves the CPU. */
  void leave() {
    try {
      settle();
    } finally {
      cpu.exit();
    }
  }

  /** Flushes and polls what waits for it. */
  void settle() {
    flush();
    poll();
  }

  Cpu cpu() {
    return cpu;
  }

  FramePool.Cache frames() {
    return frames;
  }

  Redirect redirect() {
    return redirect;
  }

  /** Room for one frame that is sent at once; sending may send others. */
  FrameBatch takeSingle() {
    FrameBatch single = singles.poll();
    return single == null ? new FrameBatch(this, 1) : single;
  }

  /** Keeps the room for the next frame. */
  void giveBack(FrameBatch single) {
    singles.push(single);
  }

  Receiver receiver() {
    return receiver;
  }

  /** Flushes a queue at the end of the poll; those of XDP_TX come first. */
  void flushLater(BulkQueue queue, boolean turning) {
    (turning ? turned : redirected).add(queue);
  }

  /** The same for frames to another CPU, which come last. */
  void flushToCpuLater(Flushable bulk) {
    toCpus.add(bulk);
  }

  /** The end of a poll: the queue that came last is flushed first, as on Linux. */
  void flush() {
    turned.flush();
    redirected.flush();
    toCpus.flush();
  }

  /** What waits to be flushed, the last first. */
  private static final class FlushList {
    private Flushable[] waiting = new Flushable[8];
    private int count;

    void add(Flushable one) {
      if (count == waiting.length) {
        waiting = Arrays.copyOf(waiting, 2 * count);
      }
      waiting[count++] = one;
    }

    void flush() {
      while (count > 0) {
        waiting[--count].flush();
      }
    }
  }

  /** Polls a queue later, before the thread leaves the CPU. */
  void pollLater(RxQueue queue) {
    polls.add(queue);
  }

  /** Polls all queues that wait, each in its turn, until none does. */
  private void poll() {
    if (running) {
      return;
    }
    running = true;
    @Nullable Throwable failure = null;
    try {
      RxQueue queue;
      while ((queue = polls.poll()) != null) {
        redirect.reset();
        try {
          queue.poll(this);
        } catch (RuntimeException | Error e) {
          failure = e;
        }
      }
    } finally {
      running = false;
    }
    switch (failure) {
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case null, default -> {}
    }
  }
}
