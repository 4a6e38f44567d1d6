package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Helper;
import io.ebpf4j.spec.ProgramType;

/** The helpers of XDP programs that read and change the frame. */
public final class XdpHelpers {
  private XdpHelpers() {}

  /** Moves the start of the packet; EINVAL where no room or no Ethernet header would be left. */
  @Helper(
      id = 44,
      name = "xdp_adjust_head",
      arguments = {Argument.CONTEXT, Argument.ANYTHING},
      programTypes = ProgramType.XDP,
      changesPacket = true)
  public static long adjustHead(Cpu cpu, long frame, long delta) {
    return XdpFrame.adjustHead(frame, (int) delta);
  }

  /** Moves the start of the metadata; EINVAL past its room, EACCES where it is not in 4s. */
  @Helper(
      id = 54,
      name = "xdp_adjust_meta",
      arguments = {Argument.CONTEXT, Argument.ANYTHING},
      programTypes = ProgramType.XDP,
      changesPacket = true)
  public static long adjustMeta(Cpu cpu, long frame, long delta) {
    return XdpFrame.adjustMeta(frame, (int) delta);
  }

  /** Moves the end of the packet; EINVAL where no room or no Ethernet header would be left. */
  @Helper(
      id = 65,
      name = "xdp_adjust_tail",
      arguments = {Argument.CONTEXT, Argument.ANYTHING},
      programTypes = ProgramType.XDP,
      changesPacket = true)
  public static long adjustTail(Cpu cpu, long frame, long delta) {
    return XdpFrame.adjustTail(frame, (int) delta);
  }

  /** The packet's length, frags included. */
  @Helper(
      id = 188,
      name = "xdp_get_buff_len",
      arguments = Argument.CONTEXT,
      programTypes = ProgramType.XDP)
  public static long getBuffLen(Cpu cpu, long frame) {
    return Integer.toUnsignedLong(XdpFrame.length(frame));
  }

  /** Copies bytes out of the packet; EINVAL past its end, EFAULT above 65,535. */
  @Helper(
      id = 189,
      name = "xdp_load_bytes",
      arguments = {
        Argument.CONTEXT,
        Argument.ANYTHING,
        Argument.UNINITIALIZED_MEMORY,
        Argument.SIZE
      },
      programTypes = ProgramType.XDP)
  public static long loadBytes(Cpu cpu, long frame, long offset, long to, long size) {
    return XdpFrame.load(frame, (int) offset, to, (int) size);
  }

  /** Copies bytes into the packet; EINVAL past its end, EFAULT above 65,535. */
  @Helper(
      id = 190,
      name = "xdp_store_bytes",
      arguments = {Argument.CONTEXT, Argument.ANYTHING, Argument.MEMORY, Argument.SIZE},
      programTypes = ProgramType.XDP)
  public static long storeBytes(Cpu cpu, long frame, long offset, long from, long size) {
    return XdpFrame.store(frame, (int) offset, from, (int) size);
  }
}
