package io.ebpf4j.jvm.net;

import io.ebpf4j.spec.Errno;

/** The loopback device: it receives what it sends, and its driver knows no XDP. */
final class Loopback implements StackDriver {
  private final NetDevice device;

  Loopback(NetDevice device) {
    this.device = device;
  }

  @Override
  public boolean runsXdp() {
    return false;
  }

  @Override
  public boolean transmitsXdp() {
    return false;
  }

  @Override
  public int transmit(FrameBatch batch) {
    return -Errno.ENOTSUP.number();
  }

  @Override
  public int transmitFromStack(FrameBatch batch) {
    for (int i = 0; i < batch.size(); i++) {
      Frames.clearMetadata(batch.frames[i]);
      device.queue(0).put(batch.net(), batch.take(i));
    }
    return batch.size();
  }
}
