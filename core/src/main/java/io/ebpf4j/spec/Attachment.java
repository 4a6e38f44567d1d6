package io.ebpf4j.spec;

/** Where a program is attached. */
public sealed interface Attachment {
  /**
   * To a network device's receive path, before a packet becomes a socket buffer.
   *
   * @param ifindex the device
   * @param mode who runs the program
   */
  record Xdp(int ifindex, XdpMode mode) implements Attachment {}

  /** Who runs an XDP program. */
  enum XdpMode {
    /** The driver where it can, else the network stack. */
    ANY,
    /** The network stack. */
    GENERIC,
    /** The driver. */
    NATIVE
  }

  /**
   * To a network device's traffic control, without a qdisc.
   *
   * @param ifindex the device
   * @param ingress what arrives, or what leaves
   */
  record Tcx(int ifindex, boolean ingress) implements Attachment {}

  /**
   * To a control group and all below it; what is attached is the program's expected attach type.
   *
   * @param path the group's directory in the cgroup2 file system
   */
  record Cgroup(String path) implements Attachment {}

  /**
   * To a tracepoint, whose arguments the program gets as they are.
   *
   * @param name without its group: {@code sched_switch}
   */
  record RawTracepoint(String name) implements Attachment {}

  /**
   * To what the program was loaded for: a tracepoint with types (tp_btf), a function's entry or
   * exit, or an iterator.
   */
  record Loaded() implements Attachment {}
}
