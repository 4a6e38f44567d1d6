package io.ebpf4j.junit;

/** What an XDP program may answer: {@code enum xdp_action}. */
public enum XdpVerdict implements Verdict {
  ABORTED,
  DROP,
  PASS,
  TX,
  REDIRECT;

  @Override
  public int number() {
    return ordinal();
  }

  @Override
  public String label() {
    return "XDP_" + name();
  }
}
