package io.ebpf4j.spec;

import java.util.Locale;
import java.util.Optional;

/**
 * The program types of Linux 6.18, named and numbered as {@code enum bpf_prog_type} in the UAPI
 * header.
 */
public enum ProgramType {
  UNSPEC(0),
  SOCKET_FILTER(1),
  KPROBE(2),
  SCHED_CLS(3),
  SCHED_ACT(4),
  TRACEPOINT(5),
  XDP(6),
  PERF_EVENT(7),
  CGROUP_SKB(8),
  CGROUP_SOCK(9),
  LWT_IN(10),
  LWT_OUT(11),
  LWT_XMIT(12),
  SOCK_OPS(13),
  SK_SKB(14),
  CGROUP_DEVICE(15),
  SK_MSG(16),
  RAW_TRACEPOINT(17),
  CGROUP_SOCK_ADDR(18),
  LWT_SEG6LOCAL(19),
  LIRC_MODE2(20),
  SK_REUSEPORT(21),
  FLOW_DISSECTOR(22),
  CGROUP_SYSCTL(23),
  RAW_TRACEPOINT_WRITABLE(24),
  CGROUP_SOCKOPT(25),
  TRACING(26),
  STRUCT_OPS(27),
  EXT(28),
  LSM(29),
  SK_LOOKUP(30),
  SYSCALL(31),
  NETFILTER(32);

  private static final ProgramType[] BY_ID = byId();

  private final int id;

  ProgramType(int id) {
    this.id = id;
  }

  /** The number in the UAPI header. */
  public int id() {
    return id;
  }

  /** The name that bpftool prints: lower case, words joined by underscores. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The constant with that number in the UAPI header, or empty where Linux 6.18 has none. */
  public static Optional<ProgramType> ofId(int id) {
    return id >= 0 && id < BY_ID.length ? Optional.of(BY_ID[id]) : Optional.empty();
  }

  private static ProgramType[] byId() {
    ProgramType[] all = values();
    ProgramType[] byId = new ProgramType[all.length];
    for (ProgramType constant : all) {
      byId[constant.id] = constant;
    }
    return byId;
  }
}
