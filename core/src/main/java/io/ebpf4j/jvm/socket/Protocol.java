package io.ebpf4j.jvm.socket;

/** What a socket speaks, with its number in an IP header and the type of its sockets. */
enum Protocol {
  UDP(17, 2),
  TCP(6, 1);

  private final int number;
  private final int socketType;

  Protocol(int number, int socketType) {
    this.number = number;
    this.socketType = socketType;
  }

  int number() {
    return number;
  }

  /** SOCK_DGRAM or SOCK_STREAM. */
  int socketType() {
    return socketType;
  }
}
