package io.ebpf4j.realworld;

import io.ebpf4j.junit.packet.Ethernet;
import io.ebpf4j.junit.packet.Ipv4;
import io.ebpf4j.junit.packet.Ipv6;
import io.ebpf4j.junit.packet.Layer;
import io.ebpf4j.junit.packet.Packet;
import io.ebpf4j.junit.packet.Payload;
import io.ebpf4j.junit.packet.Tcp;
import io.ebpf4j.junit.packet.Udp;
import io.ebpf4j.junit.packet.Vlan;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Packets as a network sees them, the same for the same seed. */
final class Traffic {
  private static final int[] PORTS = {22, 53, 80, 443, 4789, 7000, 8000, 9000};
  private static final int[] VLANS = {10, 20, 30};

  private final Random random;

  Traffic(long seed) {
    random = new Random(seed);
  }

  /** Flows of a few hosts: IPv4 and IPv6, UDP and TCP, some in VLANs, some that are neither. */
  List<Packet> mixed(int count) {
    List<Packet> packets = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      packets.add(any());
    }
    return packets;
  }

  private Packet any() {
    List<Layer> layers = new ArrayList<>();
    layers.add(Ethernet.header());
    if (random.nextInt(4) == 0) {
      layers.add(Vlan.tag(VLANS[random.nextInt(VLANS.length)]));
    }
    if (random.nextInt(16) == 0) {
      layers.set(0, Ethernet.header().withType(0x88b5 + random.nextInt(3)));
      return new Packet(layers).with(payload(60));
    }
    layers.add(random.nextInt(3) == 0 ? ipv6() : ipv4());
    layers.add(transport());
    return new Packet(layers).with(payload(random.nextInt(120)));
  }

  private Layer ipv4() {
    Ipv4 ip =
        Ipv4.between("10.0.%d.%d".formatted(random.nextInt(3), host()), "192.0.2." + host())
            .withIdentification(random.nextInt(1 << 16));
    return random.nextInt(20) == 0 ? ip.withFragmentOffset(64) : ip;
  }

  private Layer ipv6() {
    return Ipv6.between(
        "2001:db8:%d::%d".formatted(random.nextInt(3), host()), "2001:db8:f::" + host());
  }

  private Layer transport() {
    int source = 40_000 + random.nextInt(4);
    int destination = PORTS[random.nextInt(PORTS.length)];
    if (random.nextBoolean()) {
      return Udp.ports(source, destination);
    }
    Tcp tcp = Tcp.ports(source, destination).withSequence(random.nextInt());
    return switch (random.nextInt(4)) {
      case 0 -> tcp.withFlags(Tcp.Flag.SYN);
      case 1 -> tcp.withFlags(Tcp.Flag.FIN, Tcp.Flag.ACK);
      case 2 -> tcp.withFlags(Tcp.Flag.ACK);
      default -> tcp.withFlags(Tcp.Flag.ACK, Tcp.Flag.PSH);
    };
  }

  private int host() {
    return 1 + random.nextInt(6);
  }

  private Payload payload(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return Payload.of(bytes);
  }

  static Packet tcp(
      String source, int sourcePort, String destination, int port, Tcp.Flag... flags) {
    return Packet.of(
        Ethernet.header(),
        Ipv4.between(source, destination),
        Tcp.ports(sourcePort, port).withSequence(sourcePort * 31 + port).withFlags(flags));
  }

  static Packet udp(String source, int sourcePort, String destination, int port, String text) {
    return Packet.of(
        Ethernet.header(),
        Ipv4.between(source, destination),
        Udp.ports(sourcePort, port),
        Payload.of(text));
  }

  /** A query for an A record. */
  static Packet query(String source, String name) {
    ByteArrayOutputStream dns = new ByteArrayOutputStream();
    dns.writeBytes(Struct.of().port(0x1234).port(0x0100).port(1).zeros(6).bytes());
    for (String label : name.split("\\.", -1)) {
      dns.write(label.length());
      dns.writeBytes(Struct.of().text(label).bytes());
    }
    dns.writeBytes(Struct.of().octet(0).port(1).port(1).bytes());
    return Packet.of(
        Ethernet.header(),
        Ipv4.between(source, "192.0.2.53"),
        Udp.ports(40_000, 53),
        Payload.of(dns.toByteArray()));
  }

  /** A domain as the filter's tree has it: backwards, ended by a dot, and its bits in front. */
  static byte[] domain(String name) {
    String backwards = new StringBuilder(name.toLowerCase(Locale.ROOT)).reverse() + ".";
    return Struct.of()
        .word(backwards.length() * 8)
        .text(backwards)
        .zeros(64 - backwards.length())
        .bytes();
  }
}
