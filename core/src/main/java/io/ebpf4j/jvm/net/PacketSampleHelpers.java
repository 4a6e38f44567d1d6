package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Helper;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.map.PerfEvent.PacketBytes;
import io.ebpf4j.jvm.map.PerfEventArray;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramType;

/** bpf_perf_event_output for programs with a packet, whose first bytes go behind the data. */
public final class PacketSampleHelpers {
  static final Slot<Packets> PACKETS = Slot.of(Packets.class);

  private static final int LENGTH_SHIFT = 32;
  private static final long LENGTH_MASK = 0xfffffL << LENGTH_SHIFT;
  private static final long FLAGS = PerfEventArray.INDEX_MASK | LENGTH_MASK;

  private PacketSampleHelpers() {}

  /** The packets of one CPU's samples, so that a sample allocates nothing. */
  static final class Packets {
    private long context;
    final PacketBytes ofFrame =
        (offset, to, bytes) -> XdpFrame.copy(context, (int) offset, to, (int) bytes, false);
    final PacketBytes ofSkb =
        (offset, to, bytes) -> Memory.copy(SkBuff.data(context) + offset, to, bytes);
  }

  /** Puts memory out, and as many bytes of the frame as bits 32 to 51 of the flags say. */
  @Helper(
      id = 25,
      name = "perf_event_output",
      arguments = {
        Argument.CONTEXT,
        Argument.MAP,
        Argument.ANYTHING,
        Argument.MEMORY,
        Argument.SIZE_OR_ZERO
      },
      programTypes = ProgramType.XDP,
      gplOnly = true)
  public static long ofFrame(Cpu cpu, long frame, long map, long flags, long data, long size) {
    Packets packets = cpu.slots().get(PACKETS);
    packets.context = frame;
    return output(cpu, map, flags, data, size, XdpFrame.length(frame), packets.ofFrame);
  }

  /** The same for socket buffers. */
  @Helper(
      id = 25,
      name = "perf_event_output",
      arguments = {
        Argument.CONTEXT,
        Argument.MAP,
        Argument.ANYTHING,
        Argument.MEMORY,
        Argument.SIZE_OR_ZERO
      },
      programTypes = {ProgramType.SOCKET_FILTER, ProgramType.SCHED_CLS, ProgramType.SCHED_ACT},
      gplOnly = true)
  public static long ofSkb(Cpu cpu, long skb, long map, long flags, long data, long size) {
    Packets packets = cpu.slots().get(PACKETS);
    packets.context = skb;
    return output(cpu, map, flags, data, size, SkBuff.length(skb), packets.ofSkb);
  }

  private static long output(
      Cpu cpu, long map, long flags, long data, long size, int length, PacketBytes packet) {
    if ((flags & ~FLAGS) != 0) {
      return -Errno.EINVAL.number();
    }
    long bytes = (flags & LENGTH_MASK) >>> LENGTH_SHIFT;
    if (bytes > length) {
      return -Errno.EFAULT.number();
    }
    return MapTable.get(cpu, map) instanceof PerfEventArray events
        ? events.output(cpu, flags, data, size, packet, bytes)
        : -Errno.EINVAL.number();
  }
}
