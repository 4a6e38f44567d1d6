package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.conformance.TwinNetwork.Maker;
import io.ebpf4j.jvm.net.RoutingTable.RouteType;
import io.ebpf4j.spec.ProgramSpec;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What programs learn of routes and MTUs. */
class RouteTwinTest {
  private static final int SKIP_NEIGHBOUR = 4;

  static Stream<Maker> makers() {
    return TwinNetwork.makers();
  }

  /** A struct bpf_fib_lookup for a packet of 100 bytes. */
  private static byte[] lookup(String destination, int ifindex, int length) throws Exception {
    byte[] address = InetAddress.getByName(destination).getAddress();
    byte[] lookup = new byte[64];
    ByteBuffer bytes = ByteBuffer.wrap(lookup).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(0, (byte) (address.length == 4 ? 2 : 10)).put(1, (byte) 17);
    bytes.putShort(6, (short) length).putInt(8, ifindex).put(32, address);
    return lookup;
  }

  @SuppressWarnings("ArrayRecordComponent")
  private record Answer(int value, byte[] lookup) {
    int ifindex() {
      return ByteBuffer.wrap(lookup).order(ByteOrder.LITTLE_ENDIAN).getInt(8);
    }

    String hex(int from, int to) {
      return HexFormat.of().formatHex(lookup, from, to);
    }
  }

  private static Answer ask(Kernel kernel, byte[] lookup, int bytes, int flags) {
    ProgramSpec spec = XdpPrograms.fibLookup(bytes, flags);
    byte[] packet = new byte[14 + lookup.length];
    System.arraycopy(lookup, 0, packet, 14, lookup.length);
    try (Program program = kernel.loadProgram(spec, Map.of())) {
      TestRun.Result result = program.testRun(TestRun.of(packet));
      return new Answer(
          result.returnValue(), Arrays.copyOfRange(result.data(), 14, 14 + lookup.length));
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void aRouteTellsWhereToSendAPacket(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(2)) {
      Kernel kernel = network.kernel();
      int in = network.ifindex("a1");
      int out = network.ifindex("b1");
      assertThat(ask(kernel, lookup("10.1.2.3", in, 0), 64, 0).value()).isEqualTo(5);
      network.forward("a1");
      network.forward("b1");
      assertThat(ask(kernel, lookup("10.1.2.3", in, 0), 64, 0).value()).isEqualTo(4);
      network.route(RouteType.UNICAST, "10.0.0.0/8", null, "b1", 7);
      network.route(RouteType.UNICAST, "10.1.0.0/16", "10.9.9.9", "b1", 3);
      network.route(RouteType.BLACKHOLE, "10.2.0.0/16", null, null, 1);
      network.route(RouteType.UNREACHABLE, "10.3.0.0/16", null, null, 1);
      network.route(RouteType.PROHIBIT, "10.4.0.0/16", null, null, 1);
      network.neighbour("b1", "10.9.9.9", "02:00:00:00:09:09");
      network.neighbour("b1", "10.5.5.5", "02:00:00:00:05:05");

      Answer byGateway = ask(kernel, lookup("10.1.2.3", in, 100), 64, 0);
      assertThat(byGateway.value()).isZero();
      assertThat(byGateway.ifindex()).isEqualTo(out);
      assertThat(byGateway.hex(6, 8)).isEqualTo("dc05");
      assertThat(byGateway.hex(12, 16)).isEqualTo("03000000");
      assertThat(byGateway.hex(32, 36)).isEqualTo("0a090909");
      assertThat(byGateway.hex(48, 52)).isEqualTo("00000000");
      assertThat(byGateway.hex(52, 58))
          .isEqualTo(HexFormat.of().formatHex(network.mac("b1").bytes()));
      assertThat(byGateway.hex(58, 64)).isEqualTo("020000000909");

      Answer direct = ask(kernel, lookup("10.5.5.5", in, 0), 64, 0);
      assertThat(direct.value()).isZero();
      assertThat(direct.hex(32, 36)).isEqualTo("0a050505");
      assertThat(direct.hex(58, 64)).isEqualTo("020000000505");
      Answer stranger = ask(kernel, lookup("10.5.5.6", in, 0), 64, 0);
      assertThat(stranger.value()).isEqualTo(7);
      assertThat(stranger.ifindex()).isEqualTo(out);
      Answer skipping = ask(kernel, lookup("10.5.5.6", in, 0), 64, SKIP_NEIGHBOUR);
      assertThat(skipping.value()).isZero();
      assertThat(skipping.hex(52, 64)).isEqualTo("000000000000000000000000");

      assertThat(ask(kernel, lookup("10.2.0.1", in, 0), 64, 0).value()).isEqualTo(1);
      assertThat(ask(kernel, lookup("10.3.0.1", in, 0), 64, 0).value()).isEqualTo(2);
      assertThat(ask(kernel, lookup("10.4.0.1", in, 0), 64, 0).value()).isEqualTo(3);
      assertThat(ask(kernel, lookup("11.0.0.1", in, 0), 64, 0).value()).isEqualTo(4);
      Answer tooLong = ask(kernel, lookup("10.1.2.3", in, 1501), 64, 0);
      assertThat(tooLong.value()).isEqualTo(8);
      assertThat(tooLong.hex(6, 8)).isEqualTo("dc05");
      assertThat(tooLong.ifindex()).isEqualTo(in);
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void aRouteOfIpv6IsFoundAlike(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(2)) {
      Kernel kernel = network.kernel();
      int in = network.ifindex("a1");
      network.forward("a1");
      network.forward("b1");
      network.route(RouteType.UNICAST, "2001:db8::/32", "fe80::9", "b1", 5);
      network.route(RouteType.UNICAST, "2001:db8:0:0:1::/80", null, "b1", 5);
      network.neighbour("b1", "fe80::9", "02:00:00:00:09:09");
      network.neighbour("b1", "2001:db8:0:0:1::2", "02:00:00:00:00:02");
      Answer byGateway = ask(kernel, lookup("2001:db8::77", in, 100), 64, 0);
      assertThat(byGateway.value()).isZero();
      assertThat(byGateway.ifindex()).isEqualTo(network.ifindex("b1"));
      assertThat(byGateway.hex(32, 48)).isEqualTo("fe800000000000000000000000000009");
      assertThat(byGateway.hex(58, 64)).isEqualTo("020000000909");
      Answer direct = ask(kernel, lookup("2001:db8:0:0:1::2", in, 100), 64, 0);
      assertThat(direct.value()).isZero();
      assertThat(direct.hex(58, 64)).isEqualTo("020000000002");
      assertThat(ask(kernel, lookup("2002::1", in, 0), 64, 0).value()).isEqualTo(4);
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void whatIsNoLookupIsRefused(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(0)) {
      Kernel kernel = network.kernel();
      byte[] lookup = lookup("10.0.0.1", 1, 0);
      assertThat(ask(kernel, lookup, 63, 0).value()).isEqualTo(-22);
      assertThat(ask(kernel, lookup, 64, 1 << 10).value()).isEqualTo(-22);
      assertThat(ask(kernel, lookup("10.0.0.1", 4711, 0), 64, 0).value()).isEqualTo(-19);
      lookup[0] = 3;
      assertThat(ask(kernel, lookup, 64, 0).value()).isEqualTo(-97);
      for (ProgramSpec spec :
          new ProgramSpec[] {XdpPrograms.fibLookup(64, 0), XdpPrograms.checkMtu(0, 0, 0, 0)}) {
        assertThat(answer(() -> kernel.loadProgram(spec.withLicense("Proprietary"), Map.of())))
            .isEqualTo("EINVAL");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("makers")
  void theMtuIsCheckedWithTheLinkHeader(Maker maker) throws Exception {
    try (TwinNetwork network = maker.make(1)) {
      Kernel kernel = network.kernel();
      int ifindex = network.ifindex("a0");
      network.mtu("a0", 1000);
      assertThat(mtu(kernel, XdpPrograms.checkMtu(ifindex, 0, 0, 0), 1014)).isEqualTo("0 1000");
      assertThat(mtu(kernel, XdpPrograms.checkMtu(ifindex, 0, 0, 0), 1015)).isEqualTo("1 1000");
      assertThat(mtu(kernel, XdpPrograms.checkMtu(ifindex, 0, 1, 0), 1014)).isEqualTo("1 1000");
      assertThat(mtu(kernel, XdpPrograms.checkMtu(ifindex, 0, -1, 0), 1015)).isEqualTo("0 1000");
      assertThat(mtu(kernel, XdpPrograms.checkMtu(ifindex, 1000, 0, 0), 64)).isEqualTo("0 1000");
      assertThat(mtu(kernel, XdpPrograms.checkMtu(ifindex, 1001, 0, 0), 64)).isEqualTo("1 1000");
      assertThat(mtu(kernel, XdpPrograms.checkMtu(4711, 5, 0, 0), 64)).isEqualTo("-19 5");
      assertThat(mtu(kernel, XdpPrograms.checkMtu(ifindex, 5, 0, 1), 64)).isEqualTo("-22 5");
      assertThat(mtu(kernel, XdpPrograms.checkMtu(0, 0, 0, 0), 64)).isEqualTo("0 65536");
    }
  }

  private static String mtu(Kernel kernel, ProgramSpec spec, int length) {
    try (Program program = kernel.loadProgram(spec, Map.of())) {
      TestRun.Result result = program.testRun(TestRun.of(new byte[length]));
      int mtu = ByteBuffer.wrap(result.data()).order(ByteOrder.LITTLE_ENDIAN).getInt(14);
      return result.returnValue() + " " + mtu;
    }
  }
}
