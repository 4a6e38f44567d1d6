package io.ebpf4j.jvm.net;

import org.jspecify.annotations.Nullable;

/**
 * A device whose wire is Java code: it gives what arrives and gets what is sent. What it gives is
 * seen through on the calling thread, on the receive queue's CPU, before the call returns; a call
 * from a handler, on a CPU already, is seen through before that one leaves its CPU. Thread safe.
 */
public final class ApplicationDevice {
  private final NetDevice device;
  private final Wire wire;

  ApplicationDevice(NetDevice device, Wire wire) {
    this.device = device;
    this.wire = wire;
  }

  /** The device itself. */
  public NetDevice device() {
    return device;
  }

  /** The device's number. */
  public int ifindex() {
    return device.ifindex();
  }

  /**
   * A frame arrives, from its Ethernet header on.
   *
   * @throws IllegalArgumentException where it is shorter than an Ethernet header or too long
   */
  public void receive(byte[] packet) {
    receive(0, receiver -> receiver.receive(packet));
  }

  /** Frames arrive on a queue, in polls of 64. */
  public void receive(int queue, FrameSource source) {
    device.receive(queue, source);
  }

  /** Gives what the device sends to Java code; null: it is lost on the wire. */
  public void onTransmit(@Nullable FrameHandler handler) {
    wire.handler = handler;
  }

  /** What is behind the device. */
  static final class Wire implements Driver {
    private volatile @Nullable FrameHandler handler;

    @Override
    public int transmit(FrameBatch batch) {
      FrameHandler to = handler;
      if (to != null) {
        for (int i = 0; i < batch.size(); i++) {
          to.handle(batch.view(i));
        }
      }
      return batch.size();
    }
  }
}
