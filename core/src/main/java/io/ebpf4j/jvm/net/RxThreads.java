package io.ebpf4j.jvm.net;

import java.util.ArrayList;
import java.util.List;

/** The threads of a device whose driver receives by itself: one for each queue, on its CPU. */
final class RxThreads {
  private final NetDevice device;
  private final Driver driver;
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopping;

  RxThreads(NetDevice device, Driver driver) {
    this.device = device;
    this.driver = driver;
  }

  synchronized void start() {
    if (!(driver instanceof PolledDriver polled)) {
      return;
    }
    stopping = false;
    for (int queue = 0; queue < device.rxQueues(); queue++) {
      int number = queue;
      threads.add(
          Thread.ofPlatform()
              .daemon()
              .name("ebpf4j-%s-rx-%d".formatted(device.name(), queue))
              .start(() -> run(polled, number)));
    }
  }

  /** Ends the threads, and waits for them unless it is called on one of them. */
  void stop() {
    List<Thread> ending;
    synchronized (this) {
      stopping = true;
      ending = List.copyOf(threads);
      threads.clear();
    }
    if (driver instanceof PolledDriver polled && !ending.isEmpty()) {
      for (int queue = 0; queue < device.rxQueues(); queue++) {
        polled.wake(queue);
      }
      if (device.devices().current() == null) {
        ending.forEach(RxThreads::join);
      }
    }
  }

  void awaitEnd() throws InterruptedException {
    List<Thread> running;
    synchronized (this) {
      running = List.copyOf(threads);
    }
    for (Thread thread : running) {
      thread.join();
    }
  }

  private static void join(Thread thread) {
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

  private void run(PolledDriver polled, int queue) {
    while (!stopping && polled.await(queue)) {
      int received = PolledDriver.BUDGET;
      while (received == PolledDriver.BUDGET && !stopping) {
        received = poll(polled, queue);
      }
    }
  }

  /** One poll; a program that stops with a fault ends the frame, not the device. */
  private int poll(PolledDriver polled, int queue) {
    SoftNet net = SoftNet.enter(device.cpu(queue));
    int received = 0;
    try {
      Receiver receiver = net.receiver();
      receiver.begin(device, queue, false);
      received = polled.receive(queue, receiver, PolledDriver.BUDGET);
    } catch (RuntimeException fault) {
      device.devices().fault(device, fault);
    } finally {
      leave(net);
    }
    return received;
  }

  private void leave(SoftNet net) {
    try {
      net.leave();
    } catch (RuntimeException fault) {
      device.devices().fault(device, fault);
    }
  }
}
