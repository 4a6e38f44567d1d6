package io.ebpf4j.jvm.net;

/** Raw memory of packets, which is freed by hand. */
interface PacketBuffer extends AutoCloseable {
  @Override
  void close();
}
