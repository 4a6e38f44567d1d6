package io.ebpf4j.jvm.socket;

import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;

/**
 * A packet in raw memory as the loopback device would bring it: an Ethernet header of zeros, IPv4
 * or IPv6, UDP with its payload or a TCP SYN. Checksums are zero, as of packets that never were on
 * a wire.
 */
final class PacketImage implements AutoCloseable {
  private static final int ETHERNET_BYTES = 14;
  private static final int IPV4_BYTES = 20;
  private static final int IPV6_BYTES = 40;
  private static final int UDP_BYTES = 8;
  private static final int TCP_BYTES = 40;
  private static final int TCP_DATA_BYTES = 20;
  private static final int MAX_BYTES = ETHERNET_BYTES + IPV6_BYTES + (1 << 16);
  private static final short ETHERTYPE_IPV4 = 0x0008;
  private static final short ETHERTYPE_IPV6 = (short) 0xdd86;
  private static final int HOP_LIMIT = 64;

  /** Data offset 10 words, flag SYN; a window of 65,495 as on a device with an MTU of 65,536. */
  private static final int SYN = 0xa002_ffd7;

  /** Data offset 5 words, flags PSH and ACK; the same window. */
  private static final int DATA = 0x5018_ffd7;

  /** Options of a SYN: maximum segment size, selective acknowledgements, timestamps, scale. */
  private static final int[] SYN_OPTIONS = {0x0204_ffd7, 0x0402_080a, 0, 0, 0x0103_0307};

  // Two bytes in front, so that what follows the Ethernet header is aligned.
  private final Block block = Block.allocate(2 + MAX_BYTES, Long.BYTES);
  private final long mac = block.address() + 2;
  private long transport;
  private long payload;
  private long end;
  private short etherType;

  long mac() {
    return mac;
  }

  long network() {
    return mac + ETHERNET_BYTES;
  }

  /** The UDP or TCP header. */
  long transport() {
    return transport;
  }

  long payload() {
    return payload;
  }

  long end() {
    return end;
  }

  /** The EtherType as it lies in memory. */
  int etherType() {
    return etherType & 0xffff;
  }

  void clear() {
    transport = network();
    payload = transport;
    end = transport;
    etherType = 0;
  }

  /** A datagram, or a TCP segment of an open connection. */
  void writeData(Protocol protocol, Endpoint source, Endpoint destination, Payload data) {
    write(
        protocol, protocol == Protocol.UDP ? UDP_BYTES : TCP_DATA_BYTES, source, destination, data);
    if (protocol == Protocol.TCP) {
      putInt(transport + 4, 1);
      putInt(transport + 8, 1);
      putInt(transport + 12, DATA);
      putInt(transport + 16, 0);
      data.copyTo(payload);
    }
  }

  void write(Protocol protocol, Endpoint source, Endpoint destination, Payload data) {
    write(protocol, protocol == Protocol.UDP ? UDP_BYTES : TCP_BYTES, source, destination, data);
    if (protocol == Protocol.TCP) {
      writeSyn();
    }
  }

  private void write(
      Protocol protocol, int header, Endpoint source, Endpoint destination, Payload data) {
    int length = header + data.length();
    boolean isIpv4 = destination.isIpv4();
    etherType = isIpv4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
    Memory.putLong(mac, 0);
    Memory.putInt(mac + 8, 0);
    Memory.putShort(mac + 12, etherType);
    transport = network() + (isIpv4 ? IPV4_BYTES : IPV6_BYTES);
    payload = transport + header;
    end = payload + data.length();
    if (isIpv4) {
      writeIpv4(protocol, source, destination, length);
    } else {
      writeIpv6(protocol, source, destination, length);
    }
    putShort(transport, source.port());
    putShort(transport + 2, destination.port());
    if (protocol == Protocol.UDP) {
      putShort(transport + 4, length);
      putShort(transport + 6, 0);
      data.copyTo(payload);
    }
  }

  private void writeIpv4(Protocol protocol, Endpoint source, Endpoint destination, int length) {
    long header = network();
    putInt(header, 0x4500_0000 | IPV4_BYTES + length);
    putInt(header + 4, 0x4000);
    putInt(header + 8, HOP_LIMIT << 24 | protocol.number() << 16);
    putInt(header + 12, source.ipv4());
    putInt(header + 16, destination.ipv4());
  }

  private void writeIpv6(Protocol protocol, Endpoint source, Endpoint destination, int length) {
    long header = network();
    putInt(header, 0x6000_0000);
    putShort(header + 4, length);
    putShort(header + 6, protocol.number() << 8 | HOP_LIMIT);
    Memory.putLong(header + 8, Long.reverseBytes(source.high()));
    Memory.putLong(header + 16, Long.reverseBytes(source.low()));
    Memory.putLong(header + 24, Long.reverseBytes(destination.high()));
    Memory.putLong(header + 32, Long.reverseBytes(destination.low()));
  }

  private void writeSyn() {
    putInt(transport + 4, 1);
    putInt(transport + 8, 0);
    putInt(transport + 12, SYN);
    putInt(transport + 16, 0);
    for (int i = 0; i < SYN_OPTIONS.length; i++) {
      putInt(transport + 20 + 4L * i, SYN_OPTIONS[i]);
    }
  }

  private static void putShort(long address, int value) {
    Memory.putShort(address, Short.reverseBytes((short) value));
  }

  private static void putInt(long address, int value) {
    Memory.putInt(address, Integer.reverseBytes(value));
  }

  @Override
  public void close() {
    block.close();
  }
}
