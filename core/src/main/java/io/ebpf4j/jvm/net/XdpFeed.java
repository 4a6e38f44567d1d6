package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.PacketFeed;
import io.ebpf4j.jvm.context.Repetition;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import java.lang.foreign.MemorySegment;

/** Frames for an XDP program, in batches. */
final class XdpFeed implements PacketFeed {
  private static final int MAX_LINEAR = XdpFrame.PAGE_BYTES - XdpFrame.HEADROOM - XdpFrame.TAILROOM;

  private final LoadedProgram program;
  private final Machine machine;
  private final XdpBuffer[] frames = new XdpBuffer[BATCH];
  private int size;

  XdpFeed(LoadedProgram program, Machine machine) {
    program.retain();
    this.program = program;
    this.machine = machine;
    for (int i = 0; i < BATCH; i++) {
      frames[i] = new XdpBuffer();
    }
  }

  @Override
  public boolean add(MemorySegment memory, long offset, int length) {
    if (length < XdpFrame.ETHERNET_BYTES || length > MAX_LINEAR) {
      return false;
    }
    XdpBuffer frame = frames[size++];
    frame.fill(memory, offset, length);
    frame.arriveFrom(NetDevices.LOOPBACK_IFINDEX, 0);
    return true;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public int run(int[] verdicts) {
    int count = size;
    size = 0;
    Cpu cpu = Repetition.enterCpu(machine, -1);
    try {
      for (int i = 0; i < count; i++) {
        verdicts[i] = (int) program.run(cpu, frames[i].frame());
      }
    } finally {
      cpu.exit();
    }
    return count;
  }

  @Override
  public void close() {
    for (XdpBuffer frame : frames) {
      frame.close();
    }
    program.release();
  }
}
