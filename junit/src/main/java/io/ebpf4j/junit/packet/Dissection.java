package io.ebpf4j.junit.packet;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Reads a frame from the outside in, as far as its headers are whole. */
final class Dissection {
  private final ByteBuffer from;
  private final List<Layer> layers = new ArrayList<>();

  Dissection(ByteBuffer frame) {
    from = frame;
  }

  Packet packet() {
    if (from.remaining() >= Ethernet.BYTES) {
      Ethernet ethernet = Ethernet.decode(from);
      layers.add(ethernet);
      ofEtherType(ethernet.type());
    }
    if (from.hasRemaining()) {
      byte[] rest = new byte[from.remaining()];
      from.get(rest);
      layers.add(Payload.of(rest));
    }
    return new Packet(layers);
  }

  private void ofEtherType(int type) {
    boolean tag = type == Ethernet.VLAN || type == Ethernet.QINQ;
    if (tag && from.remaining() >= Vlan.BYTES) {
      Vlan vlan = Vlan.decode(from, type == Ethernet.QINQ);
      layers.add(vlan);
      ofEtherType(vlan.type());
    } else if (type == Ethernet.ARP && Arp.isThere(from)) {
      layers.add(Arp.decode(from));
    } else if (type == Ethernet.IPV4) {
      ipv4();
    } else if (type == Ethernet.IPV6) {
      ipv6();
    }
  }

  private void ipv4() {
    if (Ipv4.isThere(from)) {
      Ipv4 header = Ipv4.decode(from);
      layers.add(header);
      if (header.fragmentOffset() == 0) {
        ofProtocol(header.nextProtocol(), false);
      }
    }
  }

  private void ipv6() {
    if (Ipv6.isThere(from)) {
      Ipv6 header = Ipv6.decode(from);
      layers.add(header);
      ofProtocol(header.nextHeader(), true);
    }
  }

  private void ofProtocol(int protocol, boolean inIpv6) {
    switch (protocol) {
      case 1 -> {
        if (!inIpv6 && from.remaining() >= Icmp.BYTES) {
          layers.add(Icmp.decode(from));
        }
      }
      case 4 -> ipv4();
      case 6 -> {
        if (Tcp.isThere(from)) {
          layers.add(Tcp.decode(from));
        }
      }
      case 17 -> {
        if (from.remaining() >= Udp.BYTES) {
          layers.add(Udp.decode(from));
        }
      }
      case 41 -> ipv6();
      case 58 -> {
        if (inIpv6 && from.remaining() >= Icmpv6.BYTES) {
          layers.add(Icmpv6.decode(from));
        }
      }
      case Ipv6Extension.HOP_BY_HOP, Ipv6Extension.ROUTING, Ipv6Extension.DESTINATION -> {
        if (inIpv6 && Ipv6Extension.isThere(from)) {
          Ipv6Extension extension = Ipv6Extension.decode(from, protocol);
          layers.add(extension);
          ofProtocol(extension.nextHeader(), true);
        }
      }
      case 44 -> {
        if (inIpv6 && Ipv6Fragment.isThere(from)) {
          Ipv6Fragment fragment = Ipv6Fragment.decode(from);
          layers.add(fragment);
          if (fragment.offset() == 0) {
            ofProtocol(fragment.nextHeader(), true);
          }
        }
      }
      default -> {}
    }
  }
}
