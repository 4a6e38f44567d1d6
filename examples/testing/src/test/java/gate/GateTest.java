package gate;

import static io.ebpf4j.junit.EbpfAssertions.assertThat;

import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.TypedMap;
import io.ebpf4j.junit.CpuCount;
import io.ebpf4j.junit.EbpfTest;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.junit.XdpVerdict;
import io.ebpf4j.junit.packet.Ethernet;
import io.ebpf4j.junit.packet.Icmp;
import io.ebpf4j.junit.packet.Ipv4;
import io.ebpf4j.junit.packet.Packet;
import io.ebpf4j.junit.packet.Payload;
import io.ebpf4j.junit.packet.Tcp;
import io.ebpf4j.junit.packet.Udp;
import io.ebpf4j.jvm.cpu.ManualClock;
import io.ebpf4j.object.ObjectFile;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What gate.bpf.c promises. Each test gets the object freshly loaded into a kernel of its own. */
@EbpfTest("gate.bpf.o")
class GateTest {
  private static final int REFUSED = 0;
  private static final int ANSWERED = 1;
  private static final int IGNORED = 2;

  private static final Packet PING =
      Packet.of(
          Ethernet.between("02:00:00:00:00:01", "02:00:00:00:00:02"),
          Ipv4.between("10.0.0.1", "10.0.0.2"),
          Icmp.echoRequest(7, 1),
          Payload.of("are you there?"));

  /** A {@code struct count} of the program: found by the names of its members. */
  record Count(long packets, long bytes) {}

  private static Packet tcp(Tcp tcp) {
    return Packet.of(Ethernet.header(), Ipv4.between("10.0.0.1", "10.0.0.2"), tcp);
  }

  private static TestRun.Result run(Program program, Packet packet) {
    return program.testRun(TestRun.of(packet.bytes()));
  }

  @Test
  void anOpenPortIsPassed(Program gate) {
    Packet syn = tcp(Tcp.syn(40000, 80));
    assertThat(run(gate, syn)).hasVerdict(XdpVerdict.PASS).hasPacket(syn);
  }

  @Test
  void aClosedPortTakesNoNewConnection(Program gate, TypedMap<Integer, Integer> closed) {
    closed.put(23, 1);
    assertThat(run(gate, tcp(Tcp.syn(40000, 23)))).hasVerdict(XdpVerdict.DROP);
    assertThat(run(gate, tcp(Tcp.syn(40000, 24)))).hasVerdict(XdpVerdict.PASS);
  }

  @Test
  void aConnectionThatIsOpenStaysOpen(Program gate, TypedMap<Integer, Integer> closed) {
    closed.put(23, 1);
    Packet established = tcp(Tcp.ports(40000, 23).withFlags(Tcp.Flag.ACK, Tcp.Flag.PSH));
    assertThat(run(gate, established)).hasVerdict(XdpVerdict.PASS);
  }

  /** Runs twice: in the JVM and, where bpf(2) is allowed, on Linux. */
  @TwinTest
  void aPingIsAnswered(Program gate, TypedMap<Integer, List<Count>> counts) {
    assertThat(run(gate, PING))
        .hasVerdict(XdpVerdict.TX)
        .hasPacket(
            Packet.of(
                Ethernet.between("02:00:00:00:00:02", "02:00:00:00:00:01"),
                Ipv4.between("10.0.0.2", "10.0.0.1"),
                Icmp.echoReply(7, 1),
                Payload.of("are you there?")));
    assertThat(counts).hasSum(ANSWERED, Count::packets, 1);
  }

  @Test
  void afterASecondPingsAreAnsweredAgain(Program gate, ManualClock clock) {
    clock.advance(Duration.ofMinutes(1).toNanos());
    for (int i = 0; i < 10; i++) {
      assertThat(run(gate, PING)).as("ping %d", i).hasVerdict(XdpVerdict.TX);
    }
    assertThat(run(gate, PING)).hasVerdict(XdpVerdict.DROP);

    clock.advance(Duration.ofSeconds(1).toNanos());
    assertThat(run(gate, PING)).hasVerdict(XdpVerdict.TX);
  }

  @Test
  @CpuCount(4)
  void eventsAreCountedOnEachCpu(
      Program gate, TypedMap<Integer, Integer> closed, TypedMap<Integer, List<Count>> counts) {
    closed.put(23, 1);
    Packet syn = tcp(Tcp.syn(40000, 23));
    run(gate, syn);
    run(gate, syn);
    assertThat(counts)
        .hasSum(REFUSED, Count::packets, 2)
        .hasSum(REFUSED, Count::bytes, 2L * syn.bytes().length)
        .hasSum(IGNORED, Count::packets, 0);
  }

  @ParameterizedTest
  @ValueSource(ints = {14, 33, 34, 41})
  void aPingThatIsCutShortIsLeftAlone(int length, Program gate) {
    byte[] cut = Arrays.copyOf(PING.bytes(), length);
    TestRun.Result result = gate.testRun(TestRun.of(cut));
    assertThat(result).hasVerdict(XdpVerdict.PASS).hasPacket(Packet.parse(cut));
  }

  /** With a constant of the program set before it is loaded. */
  @Nested
  class WithoutPings {
    @BeforeEach
    void allowNone(ObjectFile file) {
      file.set("pings_per_second", 0);
    }

    @TwinTest
    void noPingIsAnswered(Program gate, TypedMap<Integer, List<Count>> counts) {
      assertThat(run(gate, PING)).hasVerdict(XdpVerdict.DROP);
      assertThat(counts).hasSum(IGNORED, Count::packets, 1);
    }

    @Test
    void otherTrafficPasses(Program gate) {
      Packet udp =
          Packet.of(Ethernet.header(), Ipv4.between("10.0.0.1", "10.0.0.2"), Udp.ports(53, 53));
      assertThat(run(gate, udp)).hasVerdict(XdpVerdict.PASS).hasPacket(udp);
    }
  }
}
