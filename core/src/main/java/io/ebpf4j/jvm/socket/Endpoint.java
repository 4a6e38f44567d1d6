package io.ebpf4j.jvm.socket;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * An address and a port. IPv4 addresses are mapped into IPv6, {@code ::ffff:a.b.c.d}, so that one
 * comparison does for both.
 *
 * @param high the upper 64 bits of the address
 * @param low the lower 64 bits
 * @param port from 0 to 65535
 */
record Endpoint(long high, long low, int port) {
  /** Nothing: no address of either family. */
  static final Endpoint NONE = new Endpoint(0, 0, 0);

  private static final long MAPPED = 0xffff_0000_0000L;
  private static final long MAPPED_MASK = 0xffff_ffff_0000_0000L;
  private static final int IPV6_BYTES = 16;

  /** The wildcard address of a family. */
  static Endpoint any(Family family, int port) {
    return new Endpoint(0, family == Family.IPV4 ? MAPPED : 0, port);
  }

  /**
   * A resolved address.
   *
   * @throws IllegalArgumentException where it is not resolved
   */
  static Endpoint of(InetSocketAddress address) {
    InetAddress host = address.getAddress();
    if (host == null) {
      throw new IllegalArgumentException(address + " is not resolved");
    }
    byte[] bytes = host.getAddress();
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return bytes.length == IPV6_BYTES
        ? new Endpoint(buffer.getLong(), buffer.getLong(), address.getPort())
        : ofIpv4(buffer.getInt(), address.getPort());
  }

  /** An IPv4 address, its first byte on top. */
  static Endpoint ofIpv4(int address, int port) {
    return new Endpoint(0, MAPPED | Integer.toUnsignedLong(address), port);
  }

  /** The same as the JDK has it. */
  InetSocketAddress toSocketAddress() {
    byte[] bytes =
        isIpv4()
            ? ByteBuffer.allocate(Integer.BYTES).putInt(ipv4()).array()
            : ByteBuffer.allocate(IPV6_BYTES).putLong(high).putLong(low).array();
    try {
      return new InetSocketAddress(InetAddress.getByAddress(bytes), port);
    } catch (UnknownHostException impossible) {
      throw new AssertionError("4 or 16 bytes are an address", impossible);
    }
  }

  boolean isIpv4() {
    return high == 0 && (low & MAPPED_MASK) == MAPPED;
  }

  /** The IPv4 address, its first byte on top. */
  int ipv4() {
    return (int) low;
  }

  /** Whether it stands for every address of its family. */
  boolean isAny() {
    return high == 0 && (low == 0 || low == MAPPED);
  }

  boolean hasAddressOf(Endpoint other) {
    return high == other.high && low == other.low;
  }

  Endpoint withPort(int other) {
    return new Endpoint(high, low, other);
  }

  @Override
  public String toString() {
    return toSocketAddress().toString().substring(1);
  }
}
