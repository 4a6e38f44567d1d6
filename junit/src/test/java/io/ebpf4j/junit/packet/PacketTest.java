package io.ebpf4j.junit.packet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Packets are built as their RFCs say. The expected bytes were computed apart from this code. */
class PacketTest {
  private static final Ethernet ETHERNET = Ethernet.header();

  private static String hex(Packet packet) {
    return HexFormat.of().formatHex(packet.bytes());
  }

  private static void returns(Packet packet) {
    Packet read = Packet.parse(packet.bytes());
    assertThat(read.layers().stream().map(Layer::protocol).toList())
        .isEqualTo(packet.layers().stream().map(Layer::protocol).toList());
    assertThat(read.bytes()).isEqualTo(packet.bytes());
    assertThat(packet.filled()).isEqualTo(read);
  }

  @Test
  void tcpWithOptionsOverIpv4() {
    Packet packet =
        Packet.of(
            ETHERNET,
            Ipv4.between("10.0.0.1", "10.0.0.2"),
            Tcp.syn(40000, 80)
                .withOptions(
                    TcpOptions.NONE
                        .maximumSegmentSize(1460)
                        .sackPermitted()
                        .timestamps(1, 0)
                        .noOperation()
                        .windowScale(7)),
            Payload.of("hi!"));
    assertThat(hex(packet))
        .isEqualTo(
            "02000000000202000000000108004500003f00000000400666b70a0000010a0000029c4000500000"
                + "000000000000a002ffff0e000000020405b40402080a000000010000000001030307686921");
    returns(packet);
  }

  @Test
  void udpOverIpv4WithOptions() {
    Packet packet =
        Packet.of(
            ETHERNET,
            Ipv4.between("10.0.0.1", "10.0.0.2")
                .withTtl(3)
                .withDontFragment(true)
                .withOptions(Ipv4Options.NONE.routerAlert().recordRoute(1)),
            Udp.ports(53, 5353),
            Payload.of("odd"));
    assertThat(hex(packet))
        .isEqualTo(
            "02000000000202000000000108004800002b000040000311c1b40a0000010a000002940400000707"
                + "040000000000003514e9000b03536f6464");
    returns(packet);
  }

  @Test
  void icmpInTwoVlans() {
    Packet packet =
        Packet.of(
            ETHERNET,
            Vlan.outerTag(100).withPriority(5),
            Vlan.tag(200).withDropEligible(),
            Ipv4.between("10.0.0.1", "10.0.0.2"),
            Icmp.echoRequest(7, 1),
            Payload.of("ping"));
    assertThat(hex(packet))
        .isEqualTo(
            "02000000000202000000000188a8a064810010c808004500002000000000400166db0a0000010a00"
                + "0002080019270007000170696e67");
    returns(packet);
  }

  @Test
  void tcpBehindIpv6Extensions() {
    Packet packet =
        Packet.of(
            ETHERNET,
            Ipv6.between("fd00::1", "fd00::2"),
            Ipv6Extension.hopByHop(Bytes.ofHex("05020000")),
            Ipv6Extension.destination(Bytes.NONE),
            Tcp.ports(1, 2).withFlags(Tcp.Flag.SYN, Tcp.Flag.ACK).withSequence(-2));
    assertThat(hex(packet))
        .isEqualTo(
            "02000000000202000000000186dd6000000000240040fd000000000000000000000000000001fd00"
                + "00000000000000000000000000023c00050200000100060001040000000000010002fffffffe0000"
                + "00005012ffffb5cc0000");
    returns(packet);
  }

  @Test
  void icmpv6CoversTheAddresses() {
    Packet packet = Packet.of(ETHERNET, Ipv6.between("fd00::1", "fd00::2"), Icmpv6.echoReply(7, 1));
    assertThat(hex(packet))
        .isEqualTo(
            "02000000000202000000000186dd6000000000083a40fd000000000000000000000000000001fd00"
                + "0000000000000000000000000002810084b000070001");
    returns(packet);
  }

  @Test
  void aFirstFragment() {
    Packet packet =
        Packet.of(
            ETHERNET,
            Ipv6.between("fd00::1", "fd00::2"),
            Ipv6Fragment.first(0xdeadbeef),
            Udp.ports(9, 10),
            Payload.of("xxxxxxxx"));
    assertThat(hex(packet))
        .isEqualTo(
            "02000000000202000000000186dd6000000000182c40fd000000000000000000000000000001fd00"
                + "000000000000000000000000000211000001deadbeef0009000a001023d57878787878787878");
    returns(packet);
  }

  @Test
  void arpAsksAll() {
    Packet packet =
        Packet.of(
            ETHERNET.withDestination("ff:ff:ff:ff:ff:ff"),
            Arp.request("02:00:00:00:00:01", "10.0.0.1", "10.0.0.2"));
    assertThat(hex(packet))
        .isEqualTo(
            "ffffffffffff020000000001080600010800060400010200000000010a0000010000000000000a00"
                + "0002");
    returns(packet);
  }

  @Test
  void aRoutingHeaderIsPaddedToEightBytes() {
    Packet packet =
        Packet.of(
            ETHERNET,
            Ipv6.between("fd00::1", "fd00::2"),
            Ipv6Extension.routing(2, 1, Bytes.zeros(20)),
            Udp.ports(1, 2));
    assertThat(packet.bytes()).hasSize(14 + 40 + 24 + 8);
    returns(packet);
  }

  @Test
  void whatIsSetStaysAsItIs() {
    Packet packet =
        Packet.of(
            ETHERNET.withType(0x1234),
            Ipv4.between("10.0.0.1", "10.0.0.2").withChecksum(0).withTotalLength(7),
            Udp.ports(1, 2).withLength(3).withChecksum(0));
    assertThat(hex(packet)).contains("1234" + "45000007").endsWith("00010002" + "0003" + "0000");
  }

  @Test
  void anUdpChecksumOfZeroIsWrittenAsItsOtherForm() {
    // The checksum of this datagram without payload adds up to 0xffff.
    Packet packet = Packet.of(ETHERNET, Ipv4.between("10.0.0.1", "10.0.0.2"), Udp.ports(0, 0xebdb));
    assertThat(hex(packet)).endsWith("0008" + "ffff");
  }

  @Test
  void whatIsCutShortIsPayload() {
    byte[] whole =
        Packet.of(ETHERNET, Ipv4.between("10.0.0.1", "10.0.0.2"), Udp.ports(1, 2)).bytes();
    for (int length = 0; length <= whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThat(Packet.parse(cut).bytes()).isEqualTo(cut);
    }
    assertThat(Packet.parse(Arrays.copyOf(whole, 30)).layer(Ipv4.class)).isEmpty();
  }

  @Test
  void addressesThatAreNoneAreRefused() {
    assertThatThrownBy(() -> MacAddress.of("2:0:0:0:0:1"))
        .hasMessageContaining("write six bytes as 02:00:00:00:00:01");
    assertThatThrownBy(() -> Ipv6.between("10.0.0.1", "fd00::2"))
        .hasMessageContaining("an IPv6 address has 16 bytes, not 4");
    assertThat(MacAddress.of("02:00:5e:10:00:ff")).hasToString("02:00:5e:10:00:ff");
  }

  @Test
  void aLayerIsReplacedByOneOfItsProtocol() {
    Packet packet = Packet.of(ETHERNET, Ipv4.between("10.0.0.1", "10.0.0.2"));
    assertThat(packet.replacing(Ipv4.between("10.0.0.3", "10.0.0.2")).layer(Ipv4.class))
        .hasValueSatisfying(ip -> assertThat(ip.source().getHostAddress()).isEqualTo("10.0.0.3"));
    assertThatThrownBy(() -> packet.replacing(Udp.ports(1, 2)))
        .hasMessageContaining("no UDP layer to replace; it has [Ethernet, IPv4]");
  }

  @Property(tries = 3000)
  void anyBytesAreReadAndWrittenAlike(@ForAll long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] frame = new byte[random.nextInt(200)];
    random.nextBytes(frame);
    int[] types = {0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8};
    if (frame.length > 40) {
      int type = types[random.nextInt(types.length)];
      frame[12] = (byte) (type >>> 8);
      frame[13] = (byte) type;
      if (type == 0x0800) {
        frame[14] = (byte) (0x45 + random.nextInt(3));
        frame[20] = 0;
        frame[21] = 0;
        frame[23] = (byte) (random.nextBoolean() ? 6 : 17);
      } else if (type == 0x86dd) {
        int[] next = {0, 6, 17, 43, 44, 58, 60};
        frame[14] = 0x60;
        frame[20] = (byte) next[random.nextInt(next.length)];
      }
    }
    assertThat(Packet.parse(frame).bytes()).isEqualTo(frame);
  }
}
