package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Helper;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramType;

/** bpf_perf_event_output for programs without a packet. */
public final class PerfHelpers {
  private PerfHelpers() {}

  /** Puts memory out to the reader of a PERF_EVENT_ARRAY. */
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
      programTypes = {
        ProgramType.KPROBE,
        ProgramType.TRACEPOINT,
        ProgramType.RAW_TRACEPOINT,
        ProgramType.RAW_TRACEPOINT_WRITABLE,
        ProgramType.PERF_EVENT,
        ProgramType.TRACING,
        ProgramType.CGROUP_SOCK,
        ProgramType.CGROUP_SOCK_ADDR,
        ProgramType.CGROUP_DEVICE,
        ProgramType.SOCK_OPS,
        ProgramType.SK_MSG,
        ProgramType.SK_LOOKUP
      },
      gplOnly = true)
  public static long perfEventOutput(
      Cpu cpu, long context, long map, long flags, long data, long size) {
    if ((flags & ~PerfEventArray.INDEX_MASK) != 0) {
      return -Errno.EINVAL.number();
    }
    return MapTable.get(cpu, map) instanceof PerfEventArray events
        ? events.output(cpu, flags, data, size, null, 0)
        : -Errno.EINVAL.number();
  }
}
