package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.Dynptr;
import io.ebpf4j.jvm.helper.Kfunc;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramType;

/** Dynptrs over packets. */
public final class DynptrPackets {
  private DynptrPackets() {}

  /** A window over the packet; EINVAL with flags. */
  @Kfunc(
      value =
          "int bpf_dynptr_from_skb(struct __sk_buff *s, u64 flags, struct bpf_dynptr *ptr__uninit)",
      programTypes = {
        ProgramType.SCHED_CLS,
        ProgramType.SCHED_ACT,
        ProgramType.SK_SKB,
        ProgramType.LWT_XMIT
      })
  public static long fromSkb(Cpu cpu, long skb, long flags, long dynptr) {
    return set(dynptr, skb, Dynptr.Type.SKB, SkBuff.length(skb), false, flags);
  }

  /** The same for programs that may not write the packet. */
  @Kfunc(
      value =
          "int bpf_dynptr_from_skb(struct __sk_buff *s, u64 flags, struct bpf_dynptr *ptr__uninit)",
      programTypes = {
        ProgramType.SOCKET_FILTER,
        ProgramType.CGROUP_SKB,
        ProgramType.LWT_IN,
        ProgramType.LWT_OUT,
        ProgramType.LWT_SEG6LOCAL
      })
  public static long fromSkbToRead(Cpu cpu, long skb, long flags, long dynptr) {
    return set(dynptr, skb, Dynptr.Type.SKB, SkBuff.length(skb), true, flags);
  }

  /** A window over the packet, frags included; EINVAL with flags. */
  @Kfunc(
      value =
          "int bpf_dynptr_from_xdp(struct xdp_md *x, u64 flags, struct bpf_dynptr *ptr__uninit)",
      programTypes = ProgramType.XDP)
  public static long fromXdp(Cpu cpu, long frame, long flags, long dynptr) {
    return set(dynptr, frame, Dynptr.Type.XDP, XdpFrame.length(frame), false, flags);
  }

  /** The packets that the windows of a CPU look at. */
  static Dynptr.Packet[] packets(Cpu cpu) {
    Dynptr.Packet[] packets = new Dynptr.Packet[Dynptr.Type.values().length];
    java.util.Arrays.fill(packets, new Frames());
    packets[Dynptr.Type.SKB.ordinal()] = new SocketBuffers(cpu);
    return packets;
  }

  private static long set(
      long dynptr, long context, Dynptr.Type type, int size, boolean readOnly, long flags) {
    if (flags != 0) {
      Dynptr.setNull(dynptr);
      return Integer.toUnsignedLong(-Errno.EINVAL.number());
    }
    Dynptr.set(dynptr, context, type, size, readOnly);
    return 0;
  }

  private static final class SocketBuffers implements Dynptr.Packet {
    private final Cpu cpu;

    SocketBuffers(Cpu cpu) {
      this.cpu = cpu;
    }

    @Override
    public long load(long skb, int offset, long to, int bytes) {
      return SkBuffHelpers.loadBytes(cpu, skb, offset, to, bytes);
    }

    @Override
    public long store(long skb, int offset, long from, int bytes, long flags) {
      return SkBuffHelpers.storeBytes(cpu, skb, offset, from, bytes, flags);
    }

    @Override
    public long pointer(long skb, int offset, int bytes) {
      return SkBuff.holds(skb, offset, bytes) ? SkBuff.data(skb) + offset : 0;
    }
  }

  private static final class Frames implements Dynptr.Packet {
    @Override
    public long load(long frame, int offset, long to, int bytes) {
      return XdpFrame.load(frame, offset, to, bytes);
    }

    @Override
    public long store(long frame, int offset, long from, int bytes, long flags) {
      return flags != 0 ? -Errno.EINVAL.number() : XdpFrame.store(frame, offset, from, bytes);
    }

    @Override
    public long pointer(long frame, int offset, int bytes) {
      return XdpFrame.pointer(frame, offset, bytes);
    }
  }
}
