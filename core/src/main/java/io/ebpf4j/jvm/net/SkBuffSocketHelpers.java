package io.ebpf4j.jvm.net;

import static io.ebpf4j.spec.ProgramType.CGROUP_SKB;
import static io.ebpf4j.spec.ProgramType.SCHED_ACT;
import static io.ebpf4j.spec.ProgramType.SCHED_CLS;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Helper;
import io.ebpf4j.jvm.helper.Returns;

/** The helpers that lead from a packet to its socket. */
public final class SkBuffSocketHelpers {
  private SkBuffSocketHelpers() {}

  /** The full socket that a socket of any kind is: this kernel has no others. */
  @Helper(
      id = 95,
      name = "sk_fullsock",
      returns = Returns.SOCKET_OR_NULL,
      arguments = Argument.SOCK_COMMON,
      programTypes = {SCHED_CLS, SCHED_ACT, CGROUP_SKB})
  public static long skFullsock(Cpu cpu, long socket) {
    return socket;
  }
}
