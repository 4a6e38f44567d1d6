package io.ebpf4j.realworld;

import static io.ebpf4j.junit.packet.Tcp.Flag.ACK;
import static io.ebpf4j.junit.packet.Tcp.Flag.FIN;
import static io.ebpf4j.junit.packet.Tcp.Flag.RST;
import static io.ebpf4j.junit.packet.Tcp.Flag.SYN;
import static io.ebpf4j.realworld.Traffic.query;
import static io.ebpf4j.realworld.Traffic.tcp;
import static io.ebpf4j.realworld.Traffic.udp;

import io.ebpf4j.BpfMap;
import io.ebpf4j.TestRun;
import io.ebpf4j.junit.packet.Ethernet;
import io.ebpf4j.junit.packet.Ipv4;
import io.ebpf4j.junit.packet.Packet;
import io.ebpf4j.junit.packet.Payload;
import io.ebpf4j.junit.packet.Udp;
import io.ebpf4j.object.ObjectFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Each program with its control plane and its traffic: both kernels answer alike, to the byte. */
class ProgramsTwinTest {
  private static final Path PROGRAMS =
      Path.of(System.getProperty("ebpf4j.root"), "realworld", "programs");

  /** Without a packet and without a context. */
  private static final TestRun SWEEP = TestRun.of(new byte[0]).withRepeat(0);

  @Test
  void flowCounter() throws IOException {
    both(
        "flow_counter",
        stage -> {
          stage.run("count", new Traffic(1).mixed(2_000));
          stage.dumpAll();
        });
  }

  @Test
  void synLimiter() throws IOException {
    both(
        "syn_limiter",
        stage -> {
          stage.put("free_ports", Struct.u16(443), new byte[1]);
          for (int i = 0; i < 12; i++) {
            stage.run("limit", List.of(tcp("10.0.0.1", 1000 + i, "192.0.2.1", 80, SYN)));
            stage.run("limit", List.of(tcp("10.0.0.1", 1000 + i, "192.0.2.1", 443, SYN)));
            stage.run("limit", List.of(tcp("10.0.0.2", 1000 + i, "192.0.2.1", 80, ACK)));
          }
          stage.delete("free_ports", Struct.u16(443));
          stage.delete("free_ports", Struct.u16(443));
          stage.run("limit", new Traffic(2).mixed(500));
          stage.elements(".bss", stage.map(".bss"));
        });
  }

  @Test
  void dnsFilter() throws IOException {
    both(
        "dns_filter",
        stage -> {
          rule(stage, "ads.example", 1, true);
          rule(stage, "example", 2, false);
          rule(stage, "Tracker.TEST", 3, true);
          for (String name :
              List.of(
                  "ads.example",
                  "x.ads.example",
                  "bads.example",
                  "WWW.Example",
                  "tracker.test",
                  "a.b.c.tracker.test",
                  "racker.test",
                  "nothing.org",
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.example")) {
            stage.run("filter", List.of(query("10.0.0.1", name)));
          }
          stage.delete("domains", Traffic.domain("ads.example"));
          stage.run("filter", List.of(query("10.0.0.1", "x.ads.example")));
          stage.run("filter", List.of(udp("10.0.0.1", 4000, "192.0.2.53", 53, "no query")));
          stage.run("filter", new Traffic(3).mixed(500));
          stage.dumpAll();
        });
  }

  private static void rule(Stage stage, String domain, int id, boolean drop) {
    stage.put("domains", Traffic.domain(domain), Struct.of().word(id).word(drop ? 1 : 0).bytes());
  }

  @Test
  void blockList() throws IOException {
    both(
        "blocklist",
        stage -> {
          stage.put("rules4", Struct.of().word(24).address("10.0.1.0").bytes(), Struct.u32(1));
          stage.put("rules4", Struct.of().word(32).address("10.0.2.3").bytes(), Struct.u32(2));
          stage.put("rules4", Struct.of().word(33).address("10.0.2.3").bytes(), Struct.u32(2));
          stage.put("rules6", Struct.of().word(48).address("2001:db8:1::").bytes(), Struct.u32(3));
          stage.put("rules6", Struct.of().word(0).address("::").bytes(), Struct.u32(600));
          Traffic traffic = new Traffic(4);
          stage.run("block", traffic.mixed(500));
          stage.delete("rules4", Struct.of().word(24).address("10.0.1.0").bytes());
          stage.delete("rules6", Struct.of().word(0).address("::").bytes());
          stage.put("rules4", Struct.of().word(0).address("0.0.0.0").bytes(), Struct.u32(5));
          stage.run("block", traffic.mixed(500));
          elements(stage, "rules4", "rules6", "counters");
        });
  }

  private static void elements(Stage stage, String... maps) {
    for (String map : maps) {
      stage.elements(map, stage.map(map));
    }
  }

  @Test
  void nat() throws IOException {
    both(
        "nat",
        file -> {
          file.set("outside_address", word("203.0.113.1"));
          file.set("inside_network", word("10.0.0.0"));
          file.set("inside_mask", word("255.0.0.0"));
        },
        stage -> {
          for (int port = 5000; port < 5010; port++) {
            byte[] value = Struct.of().port(port).bytes();
            stage.put("free_ports", new byte[0], value);
          }
          stage.run("translate", new Traffic(5).mixed(500));
          for (int port = 4998; port < 5012; port++) {
            stage.run(
                "translate",
                List.of(
                    tcp("192.0.2.1", 80, "203.0.113.1", port, SYN, ACK),
                    udp("192.0.2.2", 53, "203.0.113.1", port, "answer"),
                    withoutChecksum("192.0.2.2", "203.0.113.1", port)));
          }
          stage.takeAll("free_ports");
          stage.dumpAll();
        });
  }

  /** An address as the number that a program has it in. */
  private static int word(String address) {
    return ByteBuffer.wrap(Struct.addressBytes(address)).order(ByteOrder.LITTLE_ENDIAN).getInt();
  }

  private static Packet withoutChecksum(String source, String destination, int port) {
    return Packet.of(
        Ethernet.header(),
        Ipv4.between(source, destination),
        Udp.ports(53, port).withChecksum(0),
        Payload.of("unchecked"));
  }

  @Test
  void connections() throws IOException {
    both(
        "connections",
        stage -> {
          for (int port = 1000; port < 1020; port++) {
            converse(stage, port);
          }
          stage.run("track", new Traffic(6).mixed(1_000));
          stage.dumpAll();
          stage.run("sweep", SWEEP);
          stage.dumpAll();
          stage.run("sweep", SWEEP);
        });
  }

  /** A connection that the one or the other side ends, or a reset. */
  private static void converse(Stage stage, int port) {
    String client = "10.0.0.7";
    String server = "192.0.2.7";
    stage.run(
        "track",
        List.of(
            tcp(server, 80, client, port, SYN, ACK),
            tcp(client, port, server, 80, SYN),
            tcp(server, 80, client, port, SYN, ACK),
            tcp(client, port, server, 80, ACK)));
    switch (port % 3) {
      case 0 -> stage.run("track", List.of(tcp(server, 80, client, port, RST)));
      case 1 ->
          stage.run(
              "track",
              List.of(
                  tcp(client, port, server, 80, FIN, ACK),
                  tcp(server, 80, client, port, FIN, ACK)));
      default -> stage.run("track", List.of(tcp(server, 80, client, port, FIN, ACK)));
    }
    stage.run("track", List.of(tcp(client, port, server, 80, ACK)));
  }

  @Test
  void tunnel() throws IOException {
    both(
        "tunnel",
        stage -> {
          byte[] gre = peer("203.0.113.1", "198.51.100.1", 0, 0);
          byte[] vxlan = peer("203.0.113.1", "198.51.100.2", 1, 77);
          stage.put("routes", Struct.of().word(24).address("10.0.1.0").bytes(), gre);
          stage.put("routes", Struct.of().word(16).address("192.0.0.0").bytes(), vxlan);
          stage.put("peers", Struct.addressBytes("198.51.100.1"), gre);
          stage.put("peers", Struct.addressBytes("198.51.100.2"), vxlan);
          stage.run("tunnel", new Traffic(7).mixed(300));
          Packet inner = udp("10.0.0.1", 1, "10.0.1.9", 2, "to be wrapped");
          stage.run(
              "tunnel", List.of(inner, fromGre(inner), fromVxlan(inner, 77), fromVxlan(inner, 78)));
          stage.run("tunnel", List.of(udp("198.51.100.1", 1, "203.0.113.1", 4789, "wrong kind")));
          stage.dumpAll();
        });
  }

  private static byte[] peer(String local, String remote, int kind, int network) {
    return Struct.of()
        .address(local)
        .address(remote)
        .word(kind)
        .word(network)
        .mac("02:00:00:00:00:0a")
        .mac("02:00:00:00:00:0b")
        .bytes();
  }

  private static Packet fromGre(Packet inner) {
    byte[] frame = inner.bytes();
    byte[] ip = Arrays.copyOfRange(frame, 14, frame.length);
    return Packet.of(
        Ethernet.header(),
        Ipv4.between("198.51.100.1", "203.0.113.1").withNextProtocol(47),
        Payload.of(new byte[] {0, 0, 8, 0}),
        Payload.of(ip));
  }

  private static Packet fromVxlan(Packet inner, int network) {
    return Packet.of(
        Ethernet.header(),
        Ipv4.between("198.51.100.2", "203.0.113.1"),
        Udp.ports(50_000, 4789),
        Payload.of(new byte[] {8, 0, 0, 0, 0, 0, (byte) network, 0}),
        Payload.of(inner.bytes()));
  }

  @Test
  void sampler() throws IOException {
    both(
        "sampler",
        stage -> {
          Traffic traffic = new Traffic(8);
          stage.run("sample", traffic.mixed(500));
          stage.readAll("samples");
          stage.readAll("notes");
          stage.run("sample", traffic.mixed(8_000));
          stage.dumpAll();
          stage.readAll("samples");
        });
  }

  @Test
  void tenants() throws IOException {
    both(
        "tenants",
        stage -> {
          try (BpfMap ten = stage.kernel().createMap(stage.map("template").spec());
              BpfMap twenty = stage.kernel().createMap(stage.map("template").spec())) {
            ten.update(service(53, 17), usage(0));
            ten.update(service(80, 6), usage(2_000));
            ten.update(service(0, 0), usage(0));
            twenty.update(service(443, 6), usage(0));
            stage.put("tenants", Struct.u16(10), Struct.u32(ten.fd()));
            stage.put("tenants", Struct.u16(20), Struct.u32(twenty.fd()));
            Traffic traffic = new Traffic(9);
            stage.run("account", traffic.mixed(500));
            stage.delete("tenants", Struct.u16(20));
            stage.delete("tenants", Struct.u16(21));
            stage.run("account", traffic.mixed(500));
            stage.elements("ten", ten);
            stage.elements("twenty", twenty);
            stage.dumpAll();
          }
        });
  }

  private static byte[] service(int port, int protocol) {
    return Struct.of().port(port).octet(protocol).octet(0).bytes();
  }

  private static byte[] usage(long limit) {
    return Struct.of().quad(0).quad(0).quad(limit).bytes();
  }

  @Test
  void balancer() throws IOException {
    both(
        "balancer",
        file -> file.set("own_address", word("203.0.113.9")),
        stage -> {
          for (int backend = 0; backend < 5; backend++) {
            stage.put("backends", Struct.u32(backend), backend(backend, false));
          }
          for (int place = 0; place < 8 * 251; place++) {
            stage.map("rings").update(Struct.u32(place), Struct.u32(place * 7 % 5));
          }
          for (int host = 1; host <= 6; host++) {
            stage.put(
                "services",
                Struct.of().address("192.0.2." + host).zeros(12).port(80).octet(6).octet(4).bytes(),
                Struct.u32(host));
            stage.put(
                "services",
                Struct.of().address("2001:db8:f::" + host).port(53).octet(17).octet(6).bytes(),
                Struct.u32(host % 8));
          }
          Traffic traffic = new Traffic(10);
          stage.run("balance", traffic.mixed(2_000));
          stage.put("backends", Struct.u32(3), backend(3, true));
          for (int place = 0; place < 8 * 251; place++) {
            if (place * 7 % 5 == 3) {
              stage.map("rings").update(Struct.u32(place), Struct.u32(place % 3));
            }
          }
          stage.run("balance", traffic.mixed(2_000));
          stage.dumpAll();
        });
  }

  private static byte[] backend(int number, boolean down) {
    return Struct.of()
        .address("198.51.100." + (10 + number))
        .mac("02:00:00:00:01:0" + number)
        .half(down ? 1 : 0)
        .word(0)
        .bytes();
  }

  @Test
  void knocking() throws IOException {
    both(
        "knocking",
        stage -> {
          for (int visitor = 1; visitor < 14; visitor++) {
            String from = "10.0.0." + visitor;
            int[] ports =
                switch (visitor % 4) {
                  case 0 -> new int[] {7000, 9000, 8000, 22};
                  case 1 -> new int[] {7000, 7000, 8000, 9000, 22, 22};
                  default -> new int[] {22, 7000, 8000, 9000, 22};
                };
            for (int port : ports) {
              stage.run("knock", List.of(tcp(from, 1000, "192.0.2.1", port, SYN)));
            }
          }
          stage.run("knock", new Traffic(11).mixed(500));
          stage.takeAll("let_in");
          stage.dumpAll();
        });
  }

  private static void both(String name, Consumer<Stage> play) throws IOException {
    both(name, file -> {}, play);
  }

  private static void both(String name, Consumer<ObjectFile> settings, Consumer<Stage> play)
      throws IOException {
    Twin.play(PROGRAMS.resolve(name + ".bpf.o"), settings, play);
  }
}
