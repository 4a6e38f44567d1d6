package io.ebpf4j.jvm.net;

/** {@code enum xdp_action} of the UAPI header. */
final class XdpVerdict {
  static final int ABORTED = 0;
  static final int DROP = 1;
  static final int PASS = 2;
  static final int TX = 3;
  static final int REDIRECT = 4;

  private XdpVerdict() {}
}
