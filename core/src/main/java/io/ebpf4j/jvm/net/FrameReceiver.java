package io.ebpf4j.jvm.net;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.handle.FdTable;
import io.ebpf4j.spec.Errno;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Java code that takes frames out of a device's receive queue: what an AF_XDP socket is on Linux.
 * XDP programs redirect to it by an XSKMAP, into which it is put by its descriptor. The frames wait
 * in a ring of its own; those that find no room are dropped. One thread at a time receives.
 */
public final class FrameReceiver implements AutoCloseable {
  private final NetDevices devices;
  private final FdTable fds;
  private final Socket socket;
  private final int fd;
  private final FrameView view = new FrameView();
  private final AtomicBoolean closed = new AtomicBoolean();

  FrameReceiver(NetDevices devices, FdTable fds, NetDevice device, int queue, int capacity) {
    if (capacity < 1) {
      throw new BpfException(Errno.EINVAL, "a receiver's ring has at least 1 frame");
    }
    if (queue < 0 || queue >= device.rxQueues()) {
      throw new BpfException(
          Errno.EINVAL,
          "%s has %d receive queues, no queue %d".formatted(device, device.rxQueues(), queue));
    }
    this.devices = devices;
    this.fds = fds;
    this.socket = new Socket(devices, device, queue, capacity);
    this.fd = fds.open(socket);
    socket.release();
  }

  /** The descriptor that an XSKMAP takes. */
  public int fd() {
    mustBeOpen();
    return fd;
  }

  /**
   * Takes the frames that are there, without waiting.
   *
   * @param most how many at most
   * @return how many there were
   */
  public int receive(int most, FrameHandler handler) {
    mustBeOpen();
    int taken = 0;
    SoftNet net = SoftNet.enter(socket.device.cpu(socket.queue));
    try {
      while (taken < most) {
        long frame = socket.ring.take();
        if (frame == 0) {
          break;
        }
        taken++;
        try {
          handler.handle(view.of(frame));
        } finally {
          net.frames().give(frame);
        }
      }
    } finally {
      net.leave();
    }
    return taken;
  }

  /** Waits for a frame, and says whether there is one. */
  public boolean await(long timeoutNanos) {
    mustBeOpen();
    long end = System.nanoTime() + timeoutNanos;
    socket.waiting = Thread.currentThread();
    try {
      while (socket.ring.isEmpty() && !Thread.currentThread().isInterrupted()) {
        long left = end - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        LockSupport.parkNanos(this, left);
      }
      return !socket.ring.isEmpty();
    } finally {
      socket.waiting = null;
    }
  }

  /** Lets the descriptor go, and takes the receiver out of every map. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      devices.removeSocket(socket);
      fds.close(fd);
    }
  }

  private void mustBeOpen() {
    if (closed.get()) {
      throw new IllegalStateException("the frame receiver was used after it was closed");
    }
  }

  /** What maps hold. */
  static final class Socket extends Counted implements RedirectMap.Target {
    private final NetDevices devices;
    private final NetDevice device;
    private final int queue;
    private final FrameRing ring;
    private volatile @Nullable Thread waiting;

    private Socket(NetDevices devices, NetDevice device, int queue, int capacity) {
      this.devices = devices;
      this.device = device;
      this.queue = queue;
      this.ring = new FrameRing(capacity);
    }

    int queue() {
      return queue;
    }

    @Override
    public @Nullable DropReason enqueue(SoftNet net, long frame, NetDevice from) {
      if (from != device || XdpFrame.rxQueue(frame) != queue) {
        return DropReason.SOCKET_ELSEWHERE;
      }
      ring.lock();
      boolean taken;
      try {
        taken = ring.put(frame);
      } finally {
        ring.unlock();
      }
      LockSupport.unpark(waiting);
      return taken ? null : DropReason.SOCKET_QUEUE_FULL;
    }

    @Override
    public @Nullable DropReason enqueueGeneric(
        SoftNet net, long frame, NetDevice from, LoadedProgram program) {
      return enqueue(net, frame, from);
    }

    // Programs may still be putting frames in: what is left is freed after a grace period.
    @Override
    protected void free() {
      devices.afterGracePeriod(() -> {
        SoftNet net = SoftNet.enter(device.cpu(queue));
        try {
          long frame;
          while ((frame = ring.take()) != 0) {
            net.frames().give(frame);
          }
        } finally {
          net.leave();
        }
      });
    }

    @Override
    public String toString() {
      return "the frame receiver of %s, queue %d".formatted(device, queue);
    }
  }
}
