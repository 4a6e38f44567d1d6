package io.ebpf4j.jvm.socket;

import java.net.StandardProtocolFamily;

/** Address families of sockets. */
public enum Family {
  /** AF_INET. */
  IPV4(2),
  /** AF_INET6. */
  IPV6(10);

  private final int number;

  Family(int number) {
    this.number = number;
  }

  /** What the JDK calls it. */
  StandardProtocolFamily ofJdk() {
    return this == IPV4 ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6;
  }

  /** The number in the UAPI header. */
  int number() {
    return number;
  }
}
