package io.ebpf4j.jvm.net;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A receive queue of a device with the frames that other devices and handlers have put into it. One
 * CPU at a time polls it: the one that found it idle.
 */
final class RxQueue {
  /** Frames of one poll. */
  static final int BUDGET = 64;

  /** Frames that wait at most, as in a veth's ring on Linux. */
  private static final int CAPACITY = 256;

  private final NetDevice device;
  private final int number;
  private final FrameRing ring = new FrameRing(CAPACITY);
  private final AtomicBoolean scheduled = new AtomicBoolean();

  RxQueue(NetDevice device, int number) {
    this.device = device;
    this.number = number;
  }

  FrameRing ring() {
    return ring;
  }

  /** Puts a frame in, to be polled by this CPU; one that finds no room ends. */
  void put(SoftNet net, long frame) {
    ring.lock();
    boolean taken;
    try {
      taken = ring.put(frame);
    } finally {
      ring.unlock();
    }
    if (!taken) {
      DeviceStatistics statistics = device.statistics(net);
      statistics.rxPackets++;
      statistics.rxBytes += XdpFrame.length(frame);
      device.drop(net, frame, DropReason.RECEIVE_QUEUE_FULL);
    }
    schedule(net);
  }

  /** Has the queue polled by a CPU, unless one does or will. */
  void schedule(SoftNet net) {
    if (!scheduled.get() && scheduled.compareAndSet(false, true)) {
      net.pollLater(this);
    }
  }

  /** Receives what is there, up to the budget, and flushes. */
  void poll(SoftNet net) {
    int done = 0;
    try {
      while (done < BUDGET) {
        long frame = ring.take();
        if (frame == 0) {
          break;
        }
        done++;
        Reception.receive(net, device, number, frame);
      }
    } finally {
      net.flush();
      again(net, done);
    }
  }

  private void again(SoftNet net, int done) {
    if (done == BUDGET) {
      net.pollLater(this);
      return;
    }
    scheduled.set(false);
    if (!ring.isEmpty()) {
      schedule(net);
    }
  }

  /** Frees what waits, when nothing is put in or polled any more. */
  void drain(SoftNet net) {
    long frame;
    while ((frame = ring.take()) != 0) {
      DeviceStatistics statistics = device.statistics(net);
      statistics.rxPackets++;
      statistics.rxBytes += XdpFrame.length(frame);
      device.drop(net, frame, DropReason.DEVICE_DOWN);
    }
  }
}
