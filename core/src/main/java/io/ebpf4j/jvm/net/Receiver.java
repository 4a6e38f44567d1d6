package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.memory.Memory;
import java.lang.foreign.MemorySegment;

/**
 * Takes frames that have arrived, each from its Ethernet header on, by copying them. For the thread
 * that it was given to, during that call.
 */
public final class Receiver {
  private final SoftNet net;
  private NetDevice device;
  private int queue;
  private boolean later;
  private int received;

  @SuppressWarnings("NullAway.Init") // A device lends it out by begin.
  Receiver(SoftNet net) {
    this.net = net;
  }

  /** Frames are of that queue from now on; {@code later}: they wait in it for the next poll. */
  void begin(NetDevice of, int number, boolean whetherLater) {
    device = of;
    queue = number;
    later = whetherLater;
    received = 0;
  }

  /**
   * Takes a frame.
   *
   * @throws IllegalArgumentException where it is shorter than an Ethernet header or longer than a
   *     frame with its frags can be
   */
  public void receive(byte[] packet) {
    receive(MemorySegment.ofArray(packet), 0, packet.length);
  }

  /**
   * Takes a frame.
   *
   * @throws IllegalArgumentException as {@link #receive(byte[])}
   * @throws IndexOutOfBoundsException where the segment does not have those bytes
   */
  public void receive(MemorySegment packet, long offset, int length) {
    Frames.checkLength(length);
    long frame = net.frames().take();
    if (length <= Frames.LINEAR_BYTES) {
      long data = XdpFrame.data(frame);
      Memory.copy(packet, offset, data, length);
      Memory.putLong(frame + XdpFrame.DATA_END_OFFSET, data + length);
    } else {
      Frames.fill(net, frame, packet, offset, length);
    }
    deliver(frame);
  }

  /** Takes a frame that is in a pool frame already. */
  void deliver(long frame) {
    if (later) {
      device.queue(queue).put(net, frame);
      return;
    }
    Reception.receive(net, device, queue, frame);
    if (++received == RxQueue.BUDGET) {
      received = 0;
      net.flush();
      net.cpu().quiescent();
    }
  }
}
