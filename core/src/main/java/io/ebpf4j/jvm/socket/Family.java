package io.ebpf4j.jvm.socket;

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

  /** The number in the UAPI header. */
  int number() {
    return number;
  }
}
