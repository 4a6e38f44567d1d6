package io.ebpf4j.jvm.net;

import static io.ebpf4j.spec.ProgramType.SCHED_ACT;
import static io.ebpf4j.spec.ProgramType.SCHED_CLS;
import static io.ebpf4j.spec.ProgramType.SOCKET_FILTER;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Helper;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;

/** The helpers of socket filters and tc programs that read and change the packet. */
public final class SkBuffHelpers {
  private static final int RECOMPUTE_CHECKSUM = 1;
  private static final int INVALIDATE_HASH = 1 << 1;
  private static final int MAX_RELATIVE_OFFSET = 0xffff;
  private static final int MAC_HEADER = 0;
  private static final int NETWORK_HEADER = 1;
  private static final int MAX_PACKET_TYPE = 3;

  private SkBuffHelpers() {}

  /** Copies bytes out of the packet; EFAULT past its end, with zeros instead. */
  @Helper(
      id = 26,
      name = "skb_load_bytes",
      arguments = {
        Argument.CONTEXT,
        Argument.ANYTHING,
        Argument.UNINITIALIZED_MEMORY,
        Argument.SIZE
      },
      programTypes = {SOCKET_FILTER, SCHED_CLS, SCHED_ACT})
  public static long loadBytes(Cpu cpu, long skb, long offset, long to, long size) {
    if ((int) offset < 0 || !SkBuff.holds(skb, (int) offset, (int) size)) {
      return refuseLoad(to, size);
    }
    Memory.copy(SkBuff.data(skb) + (int) offset, to, size);
    return 0;
  }

  /** The same from the Ethernet header (0) or the network header (1) on. */
  @Helper(
      id = 68,
      name = "skb_load_bytes_relative",
      arguments = {
        Argument.CONTEXT,
        Argument.ANYTHING,
        Argument.UNINITIALIZED_MEMORY,
        Argument.SIZE,
        Argument.ANYTHING
      },
      programTypes = {SOCKET_FILTER, SCHED_CLS, SCHED_ACT})
  public static long loadBytesRelative(
      Cpu cpu, long skb, long offset, long to, long size, long start) {
    int from = (int) start;
    if (Integer.compareUnsigned((int) offset, MAX_RELATIVE_OFFSET) > 0
        || (from != MAC_HEADER && from != NETWORK_HEADER)) {
      return refuseLoad(to, size);
    }
    long header = from == MAC_HEADER ? SkBuff.macHeader(skb) : SkBuff.networkHeader(skb);
    long address = header + (int) offset;
    if (address + size > SkBuff.dataEnd(skb)) {
      return refuseLoad(to, size);
    }
    Memory.copy(address, to, size);
    return 0;
  }

  /** Copies bytes into the packet; EFAULT past its end, EINVAL for other flags. */
  @Helper(
      id = 9,
      name = "skb_store_bytes",
      arguments = {
        Argument.CONTEXT,
        Argument.ANYTHING,
        Argument.MEMORY,
        Argument.SIZE,
        Argument.ANYTHING
      },
      programTypes = {SCHED_CLS, SCHED_ACT},
      changesPacket = true)
  public static long storeBytes(Cpu cpu, long skb, long offset, long from, long size, long flags) {
    if ((flags & ~(RECOMPUTE_CHECKSUM | INVALIDATE_HASH)) != 0) {
      return -Errno.EINVAL.number();
    }
    if ((int) offset < 0 || !SkBuff.holds(skb, (int) offset, (int) size)) {
      return -Errno.EFAULT.number();
    }
    if ((flags & INVALIDATE_HASH) != 0) {
      setHashInvalid(cpu, skb);
    }
    Memory.copy(from, SkBuff.data(skb) + (int) offset, size);
    return 0;
  }

  /** Makes bytes linear; all are: ENOMEM for more than there are. */
  @Helper(
      id = 39,
      name = "skb_pull_data",
      arguments = {Argument.CONTEXT, Argument.ANYTHING},
      programTypes = {SCHED_CLS, SCHED_ACT},
      changesPacket = true)
  public static long pullData(Cpu cpu, long skb, long size) {
    return SkBuff.holds(skb, 0, (int) size) ? 0 : -Errno.ENOMEM.number();
  }

  /** Sets the packet's length; EINVAL below its network header or above 16,064. */
  @Helper(
      id = 38,
      name = "skb_change_tail",
      arguments = {Argument.CONTEXT, Argument.ANYTHING, Argument.ANYTHING},
      programTypes = {SCHED_CLS, SCHED_ACT},
      changesPacket = true)
  public static long changeTail(Cpu cpu, long skb, long length, long flags) {
    return SkBuffEdit.changeTail(skb, (int) length, flags);
  }

  /** Grows the packet at its start by zeros; EINVAL above 16,064. */
  @Helper(
      id = 43,
      name = "skb_change_head",
      arguments = {Argument.CONTEXT, Argument.ANYTHING, Argument.ANYTHING},
      programTypes = {SCHED_CLS, SCHED_ACT},
      changesPacket = true)
  public static long changeHead(Cpu cpu, long skb, long bytes, long flags) {
    return SkBuffEdit.changeHead(skb, (int) bytes, flags);
  }

  /** Tags the packet with a VLAN. */
  @Helper(
      id = 18,
      name = "skb_vlan_push",
      arguments = {Argument.CONTEXT, Argument.ANYTHING, Argument.ANYTHING},
      programTypes = {SCHED_CLS, SCHED_ACT},
      changesPacket = true)
  public static long vlanPush(Cpu cpu, long skb, long protocol, long tag) {
    return SkBuffEdit.vlanPush(skb, (int) protocol & 0xffff, (int) tag);
  }

  /** Takes the outer VLAN tag off; ENOMEM where the packet ends within it. */
  @Helper(
      id = 19,
      name = "skb_vlan_pop",
      arguments = Argument.CONTEXT,
      programTypes = {SCHED_CLS, SCHED_ACT},
      changesPacket = true)
  public static long vlanPop(Cpu cpu, long skb) {
    return SkBuffEdit.vlanPop(skb);
  }

  /** Changes pkt_type; EINVAL above PACKET_OTHERHOST. */
  @Helper(
      id = 32,
      name = "skb_change_type",
      arguments = {Argument.CONTEXT, Argument.ANYTHING},
      programTypes = {SCHED_CLS, SCHED_ACT})
  public static long changeType(Cpu cpu, long skb, long type) {
    if (Integer.compareUnsigned((int) type, MAX_PACKET_TYPE) > 0) {
      return -Errno.EINVAL.number();
    }
    Memory.putInt(skb + SkBuff.PKT_TYPE_OFFSET, (int) type);
    return 0;
  }

  /** Forgets the flow hash. */
  @Helper(
      id = 41,
      name = "set_hash_invalid",
      arguments = Argument.CONTEXT,
      programTypes = {SCHED_CLS, SCHED_ACT})
  public static long setHashInvalid(Cpu cpu, long skb) {
    Memory.putInt(skb + SkBuff.HASH_OFFSET, 0);
    return 0;
  }

  /** Sets the flow hash. */
  @Helper(
      id = 48,
      name = "set_hash",
      arguments = {Argument.CONTEXT, Argument.ANYTHING},
      programTypes = {SCHED_CLS, SCHED_ACT})
  public static long setHash(Cpu cpu, long skb, long hash) {
    Memory.putInt(skb + SkBuff.HASH_OFFSET, (int) hash);
    return 0;
  }

  private static long refuseLoad(long to, long size) {
    Memory.fill(to, size, (byte) 0);
    return -Errno.EFAULT.number();
  }
}
