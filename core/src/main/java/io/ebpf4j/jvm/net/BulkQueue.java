package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.memory.Memory;
import org.jspecify.annotations.Nullable;

/**
 * The frames that one CPU has for a device until the end of its poll. The queue remembers the
 * device and the egress program of the first frame after a flush; frames that follow are sent as if
 * they were from that one. For the thread on the CPU.
 */
final class BulkQueue implements Flushable {
  /** Frames in a queue. */
  static final int CAPACITY = 16;

  private final SoftNet net;
  private final NetDevice device;
  private final DeviceStatistics statistics;
  private final boolean turning;
  private final FrameBatch batch;
  private int count;
  private boolean listed;
  private @Nullable NetDevice from;
  private @Nullable LoadedProgram program;

  /**
   * A queue of a CPU for a device.
   *
   * @param turning whether it is for frames that XDP_TX sends back
   */
  BulkQueue(SoftNet net, NetDevice device, DeviceStatistics statistics, boolean turning) {
    this.net = net;
    this.device = device;
    this.statistics = statistics;
    this.turning = turning;
    this.batch = new FrameBatch(net, CAPACITY);
  }

  /** Adds a frame; one that finds no room sends the others first. */
  void add(long frame, NetDevice source, @Nullable LoadedProgram egress) {
    if (count == CAPACITY) {
      send();
    }
    if (!listed) {
      listed = true;
      from = source;
      program = egress;
      net.flushLater(this, turning);
    }
    batch.frames[count++] = frame;
    statistics.txQueued++;
  }

  /** Sends what is there, and forgets where it was from. */
  @Override
  public void flush() {
    listed = false;
    send();
    from = null;
    program = null;
  }

  private void send() {
    int all = count;
    count = 0;
    if (all == 0) {
      return;
    }
    LoadedProgram egress = program;
    int left = egress == null ? all : runEgress(egress, all);
    int sent = left == 0 ? 0 : device.transmit(net, batch, left, false);
    tell(Math.max(sent, 0), all - Math.max(sent, 0), Math.min(sent, 0));
  }

  /** Runs the egress program over the frames and gives how many are left, in their order. */
  private int runEgress(LoadedProgram egress, int all) {
    long[] frames = batch.frames;
    int ingress = from == null ? 0 : from.ifindex();
    int left = 0;
    for (int i = 0; i < all; i++) {
      long frame = frames[i];
      Memory.putInt(frame + XdpFrame.INGRESS_IFINDEX_OFFSET, ingress);
      Memory.putInt(frame + XdpFrame.RX_QUEUE_INDEX_OFFSET, 0);
      Memory.putInt(frame + XdpFrame.EGRESS_IFINDEX_OFFSET, device.ifindex());
      int verdict = (int) egress.run(net.cpu(), frame);
      if (verdict == XdpVerdict.PASS) {
        frames[left++] = frame;
        continue;
      }
      if (verdict != XdpVerdict.PASS && verdict != XdpVerdict.DROP) {
        device.devices().events().exception(device, egress, verdict);
      }
      device.drop(net, frame, DropReason.EGRESS_PROGRAM);
    }
    return left;
  }

  private void tell(int sent, int drops, int error) {
    NetDevice source = from;
    if (turning) {
      device.devices().events().bulkTx(device, sent, drops, error);
    } else if (source != null) {
      device.devices().events().devmapXmit(source, device, sent, drops, error);
    }
  }
}
