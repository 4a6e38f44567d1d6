package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.PacketFeed;
import io.ebpf4j.jvm.context.Repetition;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import java.lang.foreign.MemorySegment;

/** Packets for a program that sees socket buffers, in batches. */
final class SkBuffFeed implements PacketFeed {
  private final LoadedProgram program;
  private final Machine machine;
  private final boolean seesEthernet;
  private final SkBuffBuffer[] packets = new SkBuffBuffer[BATCH];
  private int size;

  SkBuffFeed(LoadedProgram program, Machine machine, boolean seesEthernet) {
    program.retain();
    this.program = program;
    this.machine = machine;
    this.seesEthernet = seesEthernet;
    for (int i = 0; i < BATCH; i++) {
      packets[i] = new SkBuffBuffer();
    }
  }

  @Override
  public boolean add(MemorySegment memory, long offset, int length) {
    if (length < SkBuff.ETHERNET_BYTES || length > SkBuffProgramKind.MAX_PACKET) {
      return false;
    }
    SkBuffBuffer packet = packets[size];
    packet.fill(memory, offset, length);
    if (!packet.hasNetworkHeader()) {
      return false;
    }
    if (!seesEthernet) {
      packet.pullEthernet();
    }
    size++;
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
        verdicts[i] = (int) program.run(cpu, packets[i].skb());
      }
    } finally {
      cpu.exit();
    }
    return count;
  }

  @Override
  public void close() {
    for (SkBuffBuffer packet : packets) {
      packet.close();
    }
    program.release();
  }
}
