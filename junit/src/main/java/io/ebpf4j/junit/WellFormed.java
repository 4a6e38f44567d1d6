package io.ebpf4j.junit;

import io.ebpf4j.junit.packet.Icmp;
import io.ebpf4j.junit.packet.Icmpv6;
import io.ebpf4j.junit.packet.Ipv4;
import io.ebpf4j.junit.packet.Ipv6;
import io.ebpf4j.junit.packet.Layer;
import io.ebpf4j.junit.packet.Packet;
import io.ebpf4j.junit.packet.Tcp;
import io.ebpf4j.junit.packet.Udp;

/** A packet with its lengths and checksums as they should be. */
final class WellFormed {
  private WellFormed() {}

  static Packet of(Packet packet) {
    return new Packet(packet.layers().stream().map(WellFormed::of).toList());
  }

  private static Layer of(Layer layer) {
    return switch (layer) {
      case Ipv4 ip -> ip.withTotalLength(Layer.AUTO).withChecksum(Layer.AUTO);
      case Ipv6 ip -> ip.withPayloadLength(Layer.AUTO);
      case Tcp tcp -> tcp.withChecksum(Layer.AUTO);
      case Udp udp ->
          (udp.checksum() == 0 ? udp : udp.withChecksum(Layer.AUTO)).withLength(Layer.AUTO);
      case Icmp icmp -> icmp.withChecksum(Layer.AUTO);
      case Icmpv6 icmp -> icmp.withChecksum(Layer.AUTO);
      default -> layer;
    };
  }
}
