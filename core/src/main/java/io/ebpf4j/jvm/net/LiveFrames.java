package io.ebpf4j.jvm.net;

import io.ebpf4j.BpfException;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.Repetition;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;

/**
 * A test run with BPF_F_TEST_XDP_LIVE_FRAMES: the frame comes in as often as asked, in batches, and
 * each one goes where the program sends it, XDP_TX back to the device. Nothing comes back to the
 * caller. Every frame is a fresh copy of the input.
 */
final class LiveFrames {
  private static final int MAX_BATCH = 256;
  private static final long UNSIGNED_INT_MAX = 0xffffffffL;

  private final LoadedProgram program;
  private final NetDevice device;
  private final int rxQueue;
  private final long template;
  private final long[] passed = new long[MAX_BATCH];

  /** Frames like the one in a buffer. */
  LiveFrames(LoadedProgram program, NetDevice device, int rxQueue, XdpBuffer buffer) {
    this.program = program;
    this.device = device;
    this.rxQueue = rxQueue;
    this.template = buffer.frame();
  }

  /**
   * The frames of a batch.
   *
   * @throws BpfException E2BIG for more than 256
   */
  static int batchSize(TestRun run) {
    int size = run.batchSize() == 0 ? RxQueue.BUDGET : run.batchSize();
    if (Integer.compareUnsigned(size, MAX_BATCH) > 0) {
      throw new BpfException(
          Errno.E2BIG,
          "a batch has at most %d frames, not %s"
              .formatted(MAX_BATCH, Integer.toUnsignedString(size)));
    }
    return size;
  }

  /**
   * Runs all of them on a CPU that the caller is on, and gives the mean time of one.
   *
   * @throws BpfException EINTR where the thread was interrupted meanwhile; it stays so
   */
  long run(Machine machine, int wantedCpu, int repeat, int batchSize) {
    long frames = Math.max(1, Integer.toUnsignedLong(repeat));
    Cpu cpu = Repetition.enterCpu(machine, wantedCpu);
    try {
      SoftNet net = cpu.slots().get(SoftNet.SLOT);
      long start = System.nanoTime();
      for (long done = 0; done < frames; ) {
        int batch = (int) Math.min(batchSize, frames - done);
        run(net, batch);
        net.settle();
        done += batch;
        if (done < frames) {
          refuseInterrupted(done);
          cpu.quiescent();
        }
      }
      return Math.min((System.nanoTime() - start) / frames, UNSIGNED_INT_MAX);
    } finally {
      cpu.exit();
    }
  }

  private void run(SoftNet net, int frames) {
    net.redirect().reset();
    DeviceStatistics statistics = device.statistics(net);
    int passing = 0;
    for (int i = 0; i < frames; i++) {
      long frame = net.frames().take();
      fill(frame);
      statistics.rxPackets++;
      statistics.rxBytes += XdpFrame.length(frame);
      switch (Reception.run(net, device, program, frame)) {
        case XdpVerdict.PASS -> passed[passing++] = frame;
        case XdpVerdict.TX -> {
          net.redirect().toDevice(device.ifindex());
          XdpRedirect.redirect(net, device, program, frame);
        }
        case XdpVerdict.REDIRECT -> XdpRedirect.redirect(net, device, program, frame);
        case XdpVerdict.DROP -> device.drop(net, frame, DropReason.XDP_DROP);
        case XdpVerdict.ABORTED -> device.drop(net, frame, DropReason.XDP_ABORTED);
        default -> device.drop(net, frame, DropReason.XDP_INVALID_VERDICT);
      }
    }
    net.flush();
    for (int i = 0; i < passing; i++) {
      Reception.pass(net, device, passed[i]);
    }
  }

  private void fill(long frame) {
    long data = XdpFrame.data(frame);
    int meta = XdpFrame.metaLength(template);
    int linear = XdpFrame.linearLength(template);
    Memory.copy(XdpFrame.data(template) - meta, data - meta, (long) meta + linear);
    Memory.putLong(frame + XdpFrame.DATA_META_OFFSET, data - meta);
    Memory.putLong(frame + XdpFrame.DATA_END_OFFSET, data + linear);
    Frames.arrive(frame, device.ifindex(), rxQueue);
  }

  private static void refuseInterrupted(long done) {
    if (Thread.currentThread().isInterrupted()) {
      throw new BpfException(
          Errno.EINTR, "the test run was interrupted after %d frames".formatted(done));
    }
  }
}
