package io.ebpf4j;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;

/** A datagram that a member of a {@link ReuseportServer} got. For the member's thread. */
public interface UdpMessage {
  /** Who sent it. */
  InetSocketAddress source();

  /** What it says; not to be used after the service has returned. */
  ByteBuffer payload();

  /**
   * Sends a datagram back, from the shared port.
   *
   * @return whether the host took it
   */
  boolean reply(ByteBuffer answer);
}
