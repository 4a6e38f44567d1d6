package io.ebpf4j.junit.packet;

import org.jspecify.annotations.Nullable;

/**
 * Where a layer stands in a packet.
 *
 * @param ip the IP header that it lies in, or null
 * @param next the layer behind it, or null
 */
public record Place(@Nullable Layer ip, @Nullable Layer next) {
  /** The EtherType of what follows: 0 for what has none. */
  int etherType() {
    return switch (next) {
      case Vlan vlan -> vlan.outer() ? Ethernet.QINQ : Ethernet.VLAN;
      case Arp _ -> Ethernet.ARP;
      case Ipv4 _ -> Ethernet.IPV4;
      case Ipv6 _ -> Ethernet.IPV6;
      case null, default -> 0;
    };
  }

  /** The IP protocol number of what follows; 59, which is "no next header", for nothing. */
  int ipProtocol() {
    return switch (next) {
      case Icmp _ -> 1;
      case Ipv4 _ -> 4;
      case Tcp _ -> 6;
      case Udp _ -> 17;
      case Ipv6 _ -> 41;
      case Ipv6Fragment _ -> 44;
      case Icmpv6 _ -> 58;
      case Ipv6Extension extension -> extension.type();
      case Payload payload when payload.bytes().length() > 0 -> 253;
      case null, default -> 59;
    };
  }

  /**
   * The Internet checksum of a header and its payload as the IP header's pseudo header wants it.
   */
  int checksum(byte[] segment, int protocol) {
    Checksum sum = new Checksum();
    switch (ip) {
      case Ipv4 header -> {
        sum.add(header.source().getAddress());
        sum.add(header.destination().getAddress());
        sum.addWord(protocol);
        sum.addWord(segment.length);
      }
      case Ipv6 header -> {
        sum.add(header.source().getAddress());
        sum.add(header.destination().getAddress());
        sum.addWord(segment.length >>> 16);
        sum.addWord(segment.length & 0xffff);
        sum.addWord(protocol);
      }
      case null, default -> {}
    }
    sum.add(segment);
    return sum.value();
  }
}
