package io.ebpf4j.jvm.net;

import io.ebpf4j.spec.Errno;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One side of a virtual pair: what it sends its peer receives. As on Linux, it takes frames of XDP
 * only while the peer runs a native program.
 */
final class Veth implements StackDriver {
  private static final int EXTRA_BYTES = XdpFrame.ETHERNET_BYTES + 4;

  private volatile @Nullable NetDevice peer;

  void connect(NetDevice other) {
    peer = other;
  }

  Optional<NetDevice> peer() {
    return Optional.ofNullable(peer);
  }

  @Override
  public boolean transmitsXdp() {
    NetDevice other = peer;
    return other != null && other.nativeXdp() != null;
  }

  @Override
  public int transmit(FrameBatch batch) {
    NetDevice other = peer;
    return other == null || other.nativeXdp() == null ? -Errno.ENXIO.number() : hand(other, batch);
  }

  @Override
  public int transmitFromStack(FrameBatch batch) {
    NetDevice other = peer;
    if (other == null || !other.isUp()) {
      return -Errno.ENXIO.number();
    }
    for (int i = 0; i < batch.size(); i++) {
      Frames.clearMetadata(batch.frames[i]);
    }
    return hand(other, batch);
  }

  private static int hand(NetDevice to, FrameBatch batch) {
    SoftNet net = batch.net();
    RxQueue queue = to.queue(net.cpu().number() % to.rxQueues());
    int longest = to.mtu() + EXTRA_BYTES;
    FrameRing ring = queue.ring();
    int taken = 0;
    ring.lock();
    try {
      while (taken < batch.size()
          && batch.length(taken) <= longest
          && ring.put(batch.frames[taken])) {
        taken++;
      }
    } finally {
      ring.unlock();
    }
    for (int i = 0; i < taken; i++) {
      batch.take(i);
    }
    queue.schedule(net);
    return taken;
  }
}
