package io.ebpf4j.jvm.net;

import io.ebpf4j.pcap.CaptureReader;
import io.ebpf4j.pcap.CaptureWriter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A device that receives the packets of a capture and writes what it sends to another one. It
 * begins when it is up, on a thread of its own. The captures are closed when the device is removed
 * or its kernel is closed.
 */
public final class CaptureDevice {
  private final NetDevice device;
  private final Wire wire;

  CaptureDevice(NetDevice device, Wire wire) {
    this.device = device;
    this.wire = wire;
  }

  /** How fast packets arrive. */
  public enum Timing {
    /** As fast as programs take them. */
    FULL_SPEED,
    /** With the time between them that their timestamps have. */
    RECORDED
  }

  /** The device itself. */
  public NetDevice device() {
    return device;
  }

  /** Waits until the last packet has been seen through. */
  public void awaitEnd() throws InterruptedException {
    device.awaitEnd();
  }

  /** Packets that are shorter than an Ethernet header, or longer than a frame can be. */
  public long refused() {
    return wire.refused.get();
  }

  /** What went wrong with one of the captures. */
  public Optional<IOException> failure() {
    return Optional.ofNullable(wire.failure.get());
  }

  /** The captures behind the device. */
  static final class Wire implements PolledDriver {
    private static final int FRAME_BYTES = 1 << 17;

    private final @Nullable CaptureReader reader;
    private final @Nullable CaptureWriter writer;
    private final Timing timing;
    private final AtomicReference<@Nullable IOException> failure = new AtomicReference<>();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment sending = arena.allocate(FRAME_BYTES);
    private final Object writing = new Object();
    private volatile boolean woken;
    private volatile @Nullable Thread waiting;
    private final AtomicLong refused = new AtomicLong();
    private boolean ahead;
    private boolean ended;
    private long startNanos;
    private long firstTimestamp = -1;

    Wire(@Nullable CaptureReader reader, @Nullable CaptureWriter writer, Timing timing) {
      this.reader = reader;
      this.writer = writer;
      this.timing = timing;
    }

    @Override
    public boolean await(int queue) {
      waiting = Thread.currentThread();
      try {
        while (!woken && look()) {
          long wait = due() - System.nanoTime();
          if (wait <= 0) {
            return true;
          }
          LockSupport.parkNanos(this, wait);
        }
        return woken;
      } finally {
        woken = false;
        waiting = null;
      }
    }

    @Override
    public void wake(int queue) {
      woken = true;
      LockSupport.unpark(waiting);
    }

    @Override
    public int receive(int queue, Receiver receiver, int budget) {
      int given = 0;
      while (given < budget && look() && due() - System.nanoTime() <= 0) {
        ahead = false;
        given++;
        give(receiver);
      }
      return given;
    }

    private void give(Receiver receiver) {
      CaptureReader from = reader;
      if (from == null) {
        return;
      }
      int length = from.capturedLength();
      if (length < XdpFrame.ETHERNET_BYTES || length > Frames.MAX_BYTES) {
        refused.incrementAndGet();
      } else {
        receiver.receive(from.memory(), from.offset(), length);
      }
    }

    /** Whether there is a packet, which is read ahead. */
    private boolean look() {
      if (ahead || ended || reader == null) {
        return ahead;
      }
      try {
        ahead = reader.next();
        ended = !ahead;
      } catch (IOException damaged) {
        failure.compareAndSet(null, damaged);
        ended = true;
      }
      return ahead;
    }

    private long due() {
      if (timing == Timing.FULL_SPEED || reader == null) {
        return System.nanoTime();
      }
      if (firstTimestamp < 0) {
        firstTimestamp = reader.timestampNanos();
        startNanos = System.nanoTime();
      }
      return startNanos + Math.max(0, reader.timestampNanos() - firstTimestamp);
    }

    @Override
    public int transmit(FrameBatch batch) {
      CaptureWriter to = writer;
      if (to == null) {
        return batch.size();
      }
      synchronized (writing) {
        long now = System.currentTimeMillis() * 1_000_000L;
        for (int i = 0; i < batch.size(); i++) {
          int length = batch.length(i);
          batch.copyTo(i, sending, 0);
          try {
            to.write(sending, 0, length, length, now);
          } catch (IOException e) {
            failure.compareAndSet(null, e);
            return i;
          } catch (IllegalStateException afterAFailure) {
            return i;
          }
        }
      }
      return batch.size();
    }

    @Override
    public void close() {
      try (CaptureReader _ = reader;
          CaptureWriter _ = writer) {
        arena.close();
      } catch (IOException e) {
        failure.compareAndSet(null, e);
      }
    }
  }
}
