package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.memory.Memory;

/**
 * A socket filter that is asked about a packet that lies in raw memory. One thread at a time uses
 * it.
 */
public final class SocketFilterRun implements AutoCloseable {
  private final SkBuffBuffer buffer = new SkBuffBuffer();

  /** Memory for the filter's context. */
  public SocketFilterRun() {}

  /**
   * Runs a filter once.
   *
   * @param data where the filter's packet begins
   * @return the low 32 bits of R0
   */
  public int run(
      Cpu cpu, LoadedProgram program, long macHeader, long networkHeader, long data, long end) {
    long skb = buffer.skb();
    Memory.fill(skb, SkBuff.BLOCK_BYTES, (byte) 0);
    Memory.putLong(skb + SkBuff.ROOM_START_OFFSET, macHeader);
    Memory.putLong(skb + SkBuff.ROOM_END_OFFSET, end);
    Memory.putLong(skb + SkBuff.MAC_HEADER_OFFSET, macHeader);
    Memory.putLong(skb + SkBuff.NETWORK_HEADER_OFFSET, networkHeader);
    SkBuff.setPacket(skb, data, end);
    Memory.putInt(
        skb + SkBuff.PROTOCOL_OFFSET,
        Memory.getShort(macHeader + SkBuff.ETHER_TYPE_OFFSET) & 0xffff);
    Memory.putInt(skb + SkBuff.IFINDEX_OFFSET, 1);
    Memory.putInt(skb + SkBuff.CHECKSUM_LEVEL_OFFSET, SkBuff.CHECKSUM_NONE);
    return (int) program.run(cpu, skb);
  }

  @Override
  public void close() {
    buffer.close();
  }
}
