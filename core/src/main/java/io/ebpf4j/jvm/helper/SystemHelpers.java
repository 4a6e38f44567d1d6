package io.ebpf4j.jvm.helper;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.spec.ProgramType;

/** Helpers that read the clock, the CPU's number, and random numbers. */
public final class SystemHelpers {
  /** Ticks in a second: CONFIG_HZ. */
  public static final int HZ = 250;

  private static final long TICK_NANOS = 1_000_000_000 / HZ;

  /** Jiffies begin five minutes before 32 bits of them overflow. */
  private static final long FIRST_JIFFY = 0xffff_ffffL + 1 - 300 * HZ;

  private SystemHelpers() {}

  /** Nanoseconds since boot, without the time asleep. */
  @Helper(id = 5, name = "ktime_get_ns")
  public static long ktimeGetNs(Cpu cpu) {
    return cpu.machine().clock().monotonicNanos();
  }

  /** Nanoseconds since boot, with the time asleep. */
  @Helper(id = 125, name = "ktime_get_boot_ns")
  public static long ktimeGetBootNs(Cpu cpu) {
    return cpu.machine().clock().bootNanos();
  }

  /** Nanoseconds since boot, without the time asleep, at the last tick. */
  @Helper(
      id = 160,
      name = "ktime_get_coarse_ns",
      programTypes = {
        ProgramType.SOCKET_FILTER,
        ProgramType.SCHED_CLS,
        ProgramType.SCHED_ACT,
        ProgramType.XDP,
        ProgramType.CGROUP_SKB,
        ProgramType.CGROUP_SOCK,
        ProgramType.CGROUP_SOCK_ADDR,
        ProgramType.LWT_IN,
        ProgramType.LWT_OUT,
        ProgramType.LWT_XMIT,
        ProgramType.LWT_SEG6LOCAL,
        ProgramType.SOCK_OPS,
        ProgramType.SK_SKB,
        ProgramType.SK_MSG,
        ProgramType.SK_REUSEPORT,
        ProgramType.SK_LOOKUP,
        ProgramType.FLOW_DISSECTOR
      })
  public static long ktimeGetCoarseNs(Cpu cpu) {
    long now = cpu.machine().clock().monotonicNanos();
    return now - Math.floorMod(now, TICK_NANOS);
  }

  /** Nanoseconds of international atomic time since 1970. */
  @Helper(id = 208, name = "ktime_get_tai_ns")
  public static long ktimeGetTaiNs(Cpu cpu) {
    return cpu.machine().clock().taiNanos();
  }

  /** Ticks since boot, and the offset that they begin with. */
  @Helper(id = 118, name = "jiffies64")
  public static long jiffies64(Cpu cpu) {
    return FIRST_JIFFY + Math.floorDiv(cpu.machine().clock().monotonicNanos(), TICK_NANOS);
  }

  /** A pseudo-random number of 32 bits. */
  @Helper(id = 7, name = "get_prandom_u32")
  public static long getPrandomU32(Cpu cpu) {
    return cpu.random().nextU32();
  }

  /** The number of the CPU. */
  @Helper(id = 8, name = "get_smp_processor_id")
  public static long getSmpProcessorId(Cpu cpu) {
    return cpu.number();
  }

  /** The NUMA node of the CPU: this kernel has one. */
  @Helper(id = 42, name = "get_numa_node_id")
  public static long getNumaNodeId(Cpu cpu) {
    return 0;
  }
}
