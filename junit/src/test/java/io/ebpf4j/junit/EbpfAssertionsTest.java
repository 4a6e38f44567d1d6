package io.ebpf4j.junit;

import static io.ebpf4j.junit.EbpfAssertions.assertThat;
import static io.ebpf4j.junit.EbpfAssertions.assertThatPacket;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.TypedMap;
import io.ebpf4j.junit.EbpfTestTest.Traffic;
import io.ebpf4j.junit.packet.Ethernet;
import io.ebpf4j.junit.packet.Ipv4;
import io.ebpf4j.junit.packet.Packet;
import io.ebpf4j.junit.packet.Payload;
import io.ebpf4j.junit.packet.Tcp;
import io.ebpf4j.junit.packet.Udp;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Assertions pass where they should, and say what differs where they fail. */
@EbpfTest("limit.bpf.o")
class EbpfAssertionsTest {
  private static final Packet PACKET =
      Packet.of(
          Ethernet.header(),
          Ipv4.between("10.0.0.1", "10.0.0.2"),
          Tcp.syn(40000, 80),
          Payload.of("hello"));

  private static void fails(ThrowingCallable assertion, String... sentences) {
    assertThatThrownBy(assertion)
        .isInstanceOf(AssertionError.class)
        .hasMessageContainingAll(sentences);
  }

  @Test
  void verdictsHaveNames(Program police) {
    TestRun.Result passed = police.testRun(TestRun.of(PACKET.bytes()));
    assertThat(passed).hasVerdict(XdpVerdict.PASS).returns(2).hasPacket(PACKET);
    fails(
        () -> assertThat(passed).as("a short one").hasVerdict(XdpVerdict.DROP),
        "[a short one] the verdict is XDP_PASS, not XDP_DROP");
    fails(() -> assertThat(passed).hasVerdict(TcVerdict.OK), "is TC_ACT_SHOT, not TC_ACT_OK");
    fails(() -> assertThat(passed).returns(7), "the program returned 2, not 7");
    assertThat(XdpVerdict.PASS.labelOf(77)).isEqualTo("77");
    assertThat(TcVerdict.UNSPEC.number()).isEqualTo(-1);
  }

  @Test
  void packetsThatDifferAreToldByField() {
    Packet other = PACKET.replacing(Ipv4.between("10.0.0.1", "10.0.0.9").withTtl(63));
    assertThat(PACKET).isEqualTo(PACKET.filled());
    fails(
        () -> assertThatPacket(other.bytes()).isEqualTo(PACKET),
        "IPv4 TTL is 63, not 64",
        "IPv4 destination is 10.0.0.9, not 10.0.0.2",
        "IPv4 header checksum is 0x",
        "TCP checksum is 0x");
    fails(
        () ->
            assertThat(PACKET)
                .isEqualTo(
                    Packet.of(
                        Ethernet.header(),
                        Ipv4.between("10.0.0.1", "10.0.0.2"),
                        Udp.ports(40000, 80))),
        "layers are [Ethernet, IPv4, TCP, payload], not [Ethernet, IPv4, UDP]",
        "IPv4 protocol is 6, not 17");
  }

  @Test
  void aFieldIsCheckedByItsName() {
    assertThat(PACKET).hasField("TCP", "flags", "[SYN]").hasField("IPv4", "TTL", "64");
    fails(() -> assertThat(PACKET).hasField("TCP", "window", "1"), "TCP window is 65535, not 1");
    fails(() -> assertThat(PACKET).hasField("UDP", "length", "8"), "has no UDP layer; it has [");
    fails(
        () -> assertThat(PACKET).hasField("TCP", "port", "8"), "TCP has no field 'port'; it has [");
  }

  @Test
  void wrongChecksumsAndLengthsAreMalformed() {
    assertThat(PACKET).isWellFormed();
    fails(
        () -> assertThat(PACKET.replacing(Tcp.syn(1, 2).withChecksum(1))).isWellFormed(),
        "the packet is malformed",
        "TCP checksum is 0x0001, not 0x");
  }

  @Test
  void mapsAreComparedAsBytes(Program police, BpfMap verdicts) {
    police.testRun(TestRun.of(PACKET.bytes()));
    byte[] key = {2, 0, 0, 0};
    assertThat(verdicts)
        .contains(key, new byte[] {1, 0, 0, 0, 0, 0, 0, 0})
        .doesNotContainKey(new byte[] {4, 0, 0, 0})
        .hasSize(4);
    fails(
        () -> assertThat(verdicts).contains(key, new byte[8]),
        "map verdicts has 0100000000000000 under key 02000000, not 0000000000000000");
    fails(() -> assertThat(verdicts).contains(new byte[] {4, 0, 0, 0}, key), "has no key 04000000");
    fails(() -> assertThat(verdicts).doesNotContainKey(key), "map verdicts has key 02000000");
    fails(() -> assertThat(verdicts).hasSize(3), "map verdicts has 4 keys, not 3");
    fails(() -> assertThat(verdicts).isFrozen(), "map verdicts is not frozen");
    verdicts.freeze();
    assertThat(verdicts).isFrozen();
  }

  @Test
  void typedMapsAreComparedByValue(Program police, TypedMap<Integer, Long> verdicts) {
    police.testRun(TestRun.of(PACKET.bytes()));
    assertThat(verdicts)
        .contains(2, 1L)
        .containsKey(3)
        .doesNotContainKey(4)
        .containsOnlyBeside(0L, Map.of(2, 1L));
    assertThat(verdicts).value(2).isEqualTo(1L);
    fails(() -> assertThat(verdicts).contains(2, 5L), "verdicts[2] is 1, not 5");
    fails(() -> assertThat(verdicts).contains(4, 5L), "verdicts has no key 4");
    fails(() -> assertThat(verdicts).doesNotContainKey(2), "verdicts[2] is there: 1");
    fails(
        () -> assertThat(verdicts).containsOnlyBeside(0L, Map.of()),
        "verdicts without elements that are 0");
    fails(() -> assertThat(verdicts).hasSum(2, 1), "verdicts[2] is 1: it is no per-CPU map");
  }

  @Test
  void valuesOfAllCpusAreSummedUp(Program police, TypedMap<Integer, List<Traffic>> seen) {
    police.testRun(TestRun.of(PACKET.bytes()).withRepeat(3));
    assertThat(seen)
        .hasSum(0, Traffic::packets, 3)
        .hasSum(0, Traffic::bytes, 3L * PACKET.bytes().length);
    fails(() -> assertThat(seen).hasSum(0, Traffic::packets, 4), "seen[0] sums up to 3, not 4");
    fails(() -> assertThat(seen).hasSum(0, 4), "which is no number");
  }
}
