package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.TwinSockets.LOOPBACK;
import static io.ebpf4j.conformance.TwinSockets.array;
import static io.ebpf4j.conformance.TwinSockets.put;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.junit.LeaksAllowed;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Programs that choose a socket of a group: what they see, what they say, where packets go. */
@LeaksAllowed
class ReuseportSelectTwinTest {
  private static final byte[] PAYLOAD = {10, 20, 30, 40};
  private static final String[] STORE_IN_RESULT = {
    "*(u32 *)(r10 -4) = 0",
    "r1 = map[result]",
    "r2 = r10",
    "r2 += -4",
    "call 1",
    "if r0 == 0 goto +1",
    "*(u64 *)(r0 +0) = r7",
    "r0 = 1",
    "exit"
  };

  private Kernel kernel;
  private TwinSockets sockets;
  private BpfMap map;
  private BpfMap result;

  @BeforeEach
  void open(Kernel kernel) {
    this.kernel = kernel;
    sockets = new TwinSockets(kernel);
    map = array(kernel, 8);
    result = kernel.createMap(MapSpec.array("result", 8, 1));
  }

  @AfterEach
  void close() {
    sockets.close();
  }

  /** A program that leaves r7 in the result and passes. */
  private Program storing(String... lines) {
    return storing(AttachType.SK_REUSEPORT_SELECT, lines);
  }

  private Program storing(AttachType attachType, String... lines) {
    return Programs.select(
        kernel,
        attachType,
        Map.of("sockets", map, "result", result),
        Stream.concat(Arrays.stream(lines), Arrays.stream(STORE_IN_RESULT)).toArray(String[]::new));
  }

  private Program selecting(int slot) {
    return storing(
        "r6 = r1",
        "*(u32 *)(r10 -4) = " + slot,
        "r2 = map[sockets]",
        "r3 = r10",
        "r3 += -4",
        "r4 = 7",
        "call 82",
        "r7 = r0");
  }

  private long result() {
    return Elements.value(result, 0);
  }

  private TwinSocket client() {
    TwinSocket client = sockets.udp();
    client.bind(LOOPBACK, 0);
    return client;
  }

  /** Which of the members got a datagram, or -1. */
  private static int receiver(List<TwinSocket> members) {
    List<Integer> got =
        IntStream.range(0, members.size())
            .filter(i -> members.get(i).receive().came())
            .boxed()
            .toList();
    assertThat(got).hasSizeLessThan(2);
    return got.isEmpty() ? -1 : got.getFirst();
  }

  private int sent(List<TwinSocket> members, byte[] payload) {
    assertThat(client().sendTo(LOOPBACK, members.getFirst().port(), payload)).isEqualTo("OK");
    return receiver(members);
  }

  @TwinTest
  void theSelectedSocketGetsTheDatagram() {
    List<TwinSocket> members = sockets.group(4);
    for (int i = 0; i < 4; i++) {
      assertThat(put(map, i, members.get(i))).isEqualTo("OK");
    }
    for (int i = 0; i < 4; i++) {
      assertThat(members.get(3).attach(selecting(i).fd())).isEqualTo("OK");
      assertThat(sent(members, PAYLOAD)).isEqualTo(i);
      assertThat(result()).isZero();
    }
  }

  @TwinTest
  void aMissedSelectionLeavesItToTheHash() {
    List<TwinSocket> members = sockets.group(2);
    TwinSocket listener = sockets.listener(LOOPBACK, 0);
    TwinSocket ipv6 = sockets.member("::1", 0);
    TwinSocket other = sockets.member(LOOPBACK, 0);
    put(map, 0, listener);
    put(map, 1, ipv6);
    put(map, 2, other);
    long[] errors = {-91, -97, -77, -2};
    int[] slots = {0, 1, 2, 8};
    for (int i = 0; i < slots.length; i++) {
      members.getFirst().attach(selecting(slots[i]).fd());
      assertThat(sent(members, PAYLOAD)).isNotNegative();
      assertThat(result()).isEqualTo(errors[i]);
      assertThat(other.receive().answer()).isEqualTo("EAGAIN");
    }
  }

  @TwinTest
  void anyVerdictButPassRefuses() {
    List<TwinSocket> members = sockets.group(2);
    put(map, 0, members.getFirst());
    TwinSocket client = client();
    client.connect(LOOPBACK, members.getFirst().port());
    for (int verdict : new int[] {0, 2, -1}) {
      members.getFirst().attach(Programs.answering(kernel, verdict).fd());
      assertThat(client.send(PAYLOAD)).isEqualTo("OK");
      assertThat(client.receive().answer()).isEqualTo("ECONNREFUSED");
      assertThat(receiver(members)).isEqualTo(-1);
    }
    members.getFirst().attach(Programs.answering(kernel, 1).fd());
    assertThat(client.send(PAYLOAD)).isEqualTo("OK");
    assertThat(receiver(members)).isNotNegative();
  }

  @TwinTest
  void aRefusedDatagramDoesNotFallToTheWildcard() {
    TwinSocket all = sockets.member("0.0.0.0", 0);
    TwinSocket one = sockets.member(LOOPBACK, all.port());
    one.attach(Programs.answering(kernel, 0).fd());
    client().sendTo(LOOPBACK, all.port(), PAYLOAD);
    assertThat(all.receive().answer()).isEqualTo("EAGAIN");
  }

  @TwinTest
  void aFlowKeepsItsMemberAndSharesAreEven() {
    List<TwinSocket> members = sockets.group(4);
    int[] shares = new int[4];
    for (int flow = 0; flow < 256; flow++) {
      TwinSocket client = client();
      client.sendTo(LOOPBACK, members.getFirst().port(), PAYLOAD);
      int first = receiver(members);
      client.sendTo(LOOPBACK, members.getFirst().port(), PAYLOAD);
      assertThat(receiver(members)).isEqualTo(first);
      shares[first]++;
      client.close();
    }
    double chiSquare = Arrays.stream(shares).mapToDouble(n -> (n - 64) * (n - 64) / 64.0).sum();
    // Beyond this, 3 degrees of freedom get once in a million.
    assertThat(chiSquare).as(Arrays.toString(shares)).isLessThan(30.7);
  }

  @TwinTest
  void theContextTellsOfTheDatagram() {
    List<TwinSocket> members = sockets.group(2);
    String[][] fields = {
      {"r7 = *(u32 *)(r1 +16)", "12"},
      {"r7 = *(u32 *)(r1 +20)", "8"},
      {"r7 = *(u16 *)(r1 +20)", "8"},
      {"r7 = *(u32 *)(r1 +24)", "17"},
      {"r7 = *(u8 *)(r1 +24)", "17"},
      {"r7 = *(u32 *)(r1 +28)", "0"},
    };
    for (String[] field : fields) {
      members.getFirst().attach(storing("r6 = r1", field[0]).fd());
      assertThat(sent(members, PAYLOAD)).isNotNegative();
      assertThat(result()).as(field[0]).isEqualTo(Long.parseLong(field[1]));
    }
  }

  @TwinTest
  void theContextTellsOfADatagramOverIpv6() {
    TwinSocket all = sockets.member("::", 0);
    TwinSocket client = sockets.udp6();
    String[][] fields = {
      {"r7 = *(u32 *)(r1 +16)", "12"},
      {"r7 = *(u32 *)(r1 +20)", "56710"},
      {"r7 = *(u32 *)(r1 +24)", "17"},
      {"r7 = *(u32 *)(r1 +28)", "1"},
    };
    for (String[] field : fields) {
      all.attach(storing("r6 = r1", field[0]).fd());
      assertThat(client.sendTo("::1", all.port(), PAYLOAD)).isEqualTo("OK");
      assertThat(all.receive().came()).isTrue();
      assertThat(result()).as(field[0]).isEqualTo(Long.parseLong(field[1]));
    }
  }

  @TwinTest
  void thePacketBeginsWithTheUdpHeader() {
    List<TwinSocket> members = sockets.group(2);
    TwinSocket client = client();
    members
        .getFirst()
        .attach(
            storing(
                    "r2 = *(u64 *)(r1 +0)",
                    "r3 = *(u64 *)(r1 +8)",
                    "r7 = 0",
                    "r4 = r2",
                    "r4 += 12",
                    "if r4 > r3 goto +1",
                    "r7 = *(u64 *)(r2 +0)")
                .fd());
    client.sendTo(LOOPBACK, members.getFirst().port(), PAYLOAD);
    assertThat(receiver(members)).isNotNegative();
    long header = Long.reverseBytes(result());
    assertThat(header >>> 48).isEqualTo(client.port());
    assertThat(header >>> 32 & 0xffff).isEqualTo(members.getFirst().port());
    assertThat(header >>> 16 & 0xffff).isEqualTo(12);
  }

  private long loaded(TwinSocket at, int helper, int offset, int bytes, int start) {
    List<String> lines = new ArrayList<>();
    lines.add("*(u64 *)(r10 -16) = -1");
    lines.add("r2 = " + offset);
    lines.add("r3 = r10");
    lines.add("r3 += -16");
    lines.add("r4 = " + bytes);
    if (helper == 68) {
      lines.add("r5 = " + start);
    }
    lines.add("call " + helper);
    lines.add("r7 = *(u64 *)(r10 -16)");
    lines.add("if r0 == 0 goto +1");
    lines.add("r7 += r0");
    at.attach(storing(lines.toArray(String[]::new)).fd());
    client().sendTo(LOOPBACK, at.port(), PAYLOAD);
    assertThat(at.receive().came()).isTrue();
    return result();
  }

  @TwinTest
  void bytesAreLoadedFromTheHeadersToo() {
    TwinSocket at = sockets.member(LOOPBACK, 0);
    assertThat(loaded(at, 26, 8, 4, 0)).isEqualTo(0xffffffff_281e140aL);
    assertThat(loaded(at, 26, 9, 4, 0)).isEqualTo(0xffffffff_00000000L - 14);
    assertThat(loaded(at, 26, -1, 4, 0)).isEqualTo(0xffffffff_00000000L - 14);
    assertThat(loaded(at, 68, 12, 2, 0)).isEqualTo(0xffffffff_ffff0008L);
    assertThat(loaded(at, 68, 12, 4, 1)).isEqualTo(0xffffffff_0100007fL);
    assertThat(loaded(at, 68, 28, 4, 1)).isEqualTo(0xffffffff_281e140aL);
    assertThat(loaded(at, 68, 29, 4, 1)).isEqualTo(0xffffffff_00000000L - 14);
    assertThat(loaded(at, 68, 0, 4, 2)).isEqualTo(0xffffffff_00000000L - 14);
    assertThat(loaded(at, 68, 0x10000, 4, 1)).isEqualTo(0xffffffff_00000000L - 14);
  }

  @TwinTest
  void theSocketOfTheGroupIsSeen() {
    TwinSocket at = sockets.member(LOOPBACK, 0);
    int[][] fields = {{0, 0}, {4, 2}, {8, 2}, {12, 17}, {24, 0x0100007f}, {52, 0}, {72, 7}};
    for (int[] field : fields) {
      at.attach(storing("r2 = *(u64 *)(r1 +40)", "r7 = *(u32 *)(r2 +" + field[0] + ")").fd());
      client().sendTo(LOOPBACK, at.port(), PAYLOAD);
      assertThat(at.receive().came()).isTrue();
      assertThat(result()).as("at " + field[0]).isEqualTo(field[1]);
    }
    at.attach(storing("r2 = *(u64 *)(r1 +40)", "r7 = *(u32 *)(r2 +44)").fd());
    client().sendTo(LOOPBACK, at.port(), PAYLOAD);
    assertThat(result()).isEqualTo(at.port());
    at.attach(storing("r1 = *(u64 *)(r1 +40)", "call 46", "r7 = r0").fd());
    client().sendTo(LOOPBACK, at.port(), PAYLOAD);
    assertThat(result()).isEqualTo(at.cookie());
    at.attach(storing("r7 = 1", "r1 = *(u64 *)(r1 +48)", "if r1 == 0 goto +1", "r7 = 2").fd());
    client().sendTo(LOOPBACK, at.port(), PAYLOAD);
    assertThat(result()).isEqualTo(1);
  }

  @TwinTest
  void aListenerIsSelectedForAConnection() {
    TwinSocket first = sockets.listener(LOOPBACK, 0);
    TwinSocket second = sockets.listener(LOOPBACK, first.port());
    put(map, 0, first);
    put(map, 1, second);
    for (int i = 0; i < 2; i++) {
      first.attach(selecting(i).fd());
      assertThat(sockets.tcp().connect(LOOPBACK, first.port())).isEqualTo("OK");
      assertThat(result()).isZero();
      assertThat(first.accept().isPresent()).isEqualTo(i == 0);
      assertThat(second.accept().isPresent()).isEqualTo(i == 1);
    }
    first.attach(Programs.answering(kernel, 0).fd());
    assertThat(sockets.tcp().connect(LOOPBACK, first.port())).isEqualTo("ECONNREFUSED");
  }

  @TwinTest
  void theContextTellsOfAConnection() {
    TwinSocket at = sockets.listener(LOOPBACK, 0);
    String[][] fields = {
      {"r7 = *(u32 *)(r1 +16)", "40"},
      {"r7 = *(u32 *)(r1 +20)", "8"},
      {"r7 = *(u32 *)(r1 +24)", "6"},
    };
    for (String[] field : fields) {
      at.attach(storing("r6 = r1", field[0]).fd());
      assertThat(sockets.tcp().connect(LOOPBACK, at.port())).isEqualTo("OK");
      assertThat(result()).as(field[0]).isEqualTo(Long.parseLong(field[1]));
    }
    // Data offset and flags.
    at.attach(
        storing(
                "r2 = *(u64 *)(r1 +0)",
                "r3 = *(u64 *)(r1 +8)",
                "r7 = 0",
                "r4 = r2",
                "r4 += 20",
                "if r4 > r3 goto +1",
                "r7 = *(u16 *)(r2 +12)")
            .fd());
    assertThat(sockets.tcp().connect(LOOPBACK, at.port())).isEqualTo("OK");
    assertThat(result()).isEqualTo(0x02a0);
  }

  @TwinTest
  void aFilterSeesThePayloadAndGivesAnIndex() {
    List<TwinSocket> members = sockets.group(3);
    Program byFirstByte = Programs.filter(kernel, "r6 = r1", "r0 = *(u8 *)skb[0]", "exit");
    assertThat(members.getFirst().attach(byFirstByte.fd())).isEqualTo("OK");
    for (int i = 0; i < 3; i++) {
      assertThat(sent(members, new byte[] {(byte) i})).isEqualTo(i);
    }
    assertThat(sent(members, new byte[] {3})).isNotNegative();
    Program length = Programs.filter(kernel, "r0 = *(u32 *)(r1 +0)", "exit");
    members.getFirst().attach(length.fd());
    assertThat(sent(members, new byte[2])).isEqualTo(2);
  }

  @TwinTest
  void theLastMemberTakesThePlaceOfOneThatGoes() {
    List<TwinSocket> members = new ArrayList<>(sockets.group(4));
    Program first = Programs.filter(kernel, "r0 = 0", "exit");
    members.getFirst().attach(first.fd());
    members.getFirst().close();
    assertThat(sent(members.subList(1, 4), PAYLOAD)).isEqualTo(2);
  }

  @TwinTest
  void whatIsAttachedIsChecked() {
    TwinSocket plain = sockets.udp();
    Program pass = Programs.answering(kernel, 1);
    assertThat(plain.attach(pass.fd())).isEqualTo("EINVAL");
    assertThat(plain.detach()).isEqualTo("EINVAL");
    plain.bind(LOOPBACK, 0);
    assertThat(plain.attach(pass.fd())).isEqualTo("EINVAL");
    plain.reuseport(true);
    assertThat(plain.attach(pass.fd())).isEqualTo("EINVAL");
    assertThat(plain.detach()).isEqualTo("ENOENT");
    TwinSocket member = sockets.udp();
    member.reuseport(true);
    assertThat(member.detach()).isEqualTo("ENOENT");
    assertThat(member.attach(pass.fd())).isEqualTo("OK");
    assertThat(member.attach(999)).isEqualTo("EBADF");
    assertThat(member.attach(map.fd())).isEqualTo("EINVAL");
    ProgramSpec xdp =
        ProgramSpec.of(
            "xdp",
            ProgramType.XDP,
            List.of(new Instruction(0xb7, 0, 0, 0, 1), new Instruction(0x95, 0, 0, 0, 0)));
    assertThat(member.attach(kernel.loadProgram(xdp, Map.of()).fd())).isEqualTo("EINVAL");
    assertThat(member.detach()).isEqualTo("OK");
    assertThat(member.detach()).isEqualTo("ENOENT");
    TwinSocket silent = sockets.tcp();
    silent.reuseport(true);
    silent.bind(LOOPBACK, 0);
    assertThat(silent.attach(pass.fd())).isEqualTo("OK");
  }

  @TwinTest
  void theGroupHoldsItsProgram() {
    List<TwinSocket> members = sockets.group(2);
    put(map, 1, members.get(1));
    Program program = selecting(1);
    members.getFirst().attach(program.fd());
    program.close();
    members.getFirst().close();
    assertThat(sent(members.subList(1, 2), PAYLOAD)).isZero();
    assertThat(result()).isZero();
  }

  @TwinTest
  void connectionsMigrateWhereTheProgramSays() {
    TwinSocket first = sockets.listener(LOOPBACK, 0);
    TwinSocket second = sockets.listener(LOOPBACK, first.port());
    TwinSocket third = sockets.listener(LOOPBACK, first.port());
    put(map, 0, first);
    put(map, 1, second);
    put(map, 2, third);
    Program program =
        storing(
            AttachType.SK_REUSEPORT_SELECT_OR_MIGRATE,
            "r6 = r1",
            "r7 = *(u32 *)(r1 +16)",
            "r7 <<= 32",
            "*(u32 *)(r10 -4) = 0",
            "r2 = *(u64 *)(r1 +48)",
            "if r2 == 0 goto +3",
            "*(u32 *)(r10 -4) = 2",
            "r3 = *(u32 *)(r2 +72)",
            "r7 += r3",
            "r2 = map[sockets]",
            "r3 = r10",
            "r3 += -4",
            "r4 = 0",
            "call 82");
    first.attach(program.fd());
    TwinSocket client = sockets.tcp();
    assertThat(client.connect(LOOPBACK, first.port())).isEqualTo("OK");
    assertThat(client.send(PAYLOAD)).isEqualTo("OK");
    int port = first.port();
    first.close();
    assertThat(second.accept()).isEmpty();
    try (TwinSocket server = third.accept().orElseThrow()) {
      assertThat(server.receive().bytes()).isEqualTo(PAYLOAD);
      assertThat(client.port()).isNotEqualTo(port);
    }
    // No packet, an established connection.
    assertThat(result()).isEqualTo(1);
  }

  @TwinTest
  void connectionsMigrateWhenAListenerIsShutDown() {
    TwinSocket first = sockets.listener(LOOPBACK, 0);
    TwinSocket second = sockets.listener(LOOPBACK, first.port());
    put(map, 0, first);
    put(map, 1, second);
    Program program =
        Programs.select(
            kernel,
            AttachType.SK_REUSEPORT_SELECT_OR_MIGRATE,
            Map.of("sockets", map),
            "*(u32 *)(r10 -4) = 0",
            "r2 = *(u64 *)(r1 +48)",
            "if r2 == 0 goto +1",
            "*(u32 *)(r10 -4) = 1",
            "r2 = map[sockets]",
            "r3 = r10",
            "r3 += -4",
            "r4 = 0",
            "call 82",
            "r0 = 1",
            "exit");
    second.attach(program.fd());
    TwinSocket client = sockets.tcp();
    assertThat(client.connect(LOOPBACK, first.port())).isEqualTo("OK");
    assertThat(first.shutdown()).isEqualTo("OK");
    assertThat(second.accept()).isPresent();
    assertThat(first.listen(4)).isEqualTo("OK");
    assertThat(put(map, 0, first)).isEqualTo("OK");
    TwinSocket again = sockets.tcp();
    assertThat(again.connect(LOOPBACK, first.port())).isEqualTo("OK");
    assertThat(first.accept()).isPresent();
  }

  @TwinTest
  void aProgramForSelectionAloneLosesConnections() {
    TwinSocket first = sockets.listener(LOOPBACK, 0);
    TwinSocket second = sockets.listener(LOOPBACK, first.port());
    put(map, 0, first);
    put(map, 1, second);
    first.attach(selecting(0).fd());
    TwinSocket client = sockets.tcp();
    assertThat(client.connect(LOOPBACK, first.port())).isEqualTo("OK");
    first.close();
    assertThat(client.receive().answer()).isEqualTo("ECONNRESET");
    assertThat(second.accept()).isEmpty();
  }

  @TwinTest
  void aTestRunIsNotSupported() {
    Program pass = Programs.answering(kernel, 1);
    assertThat(
            Elements.answer(() -> {
              pass.testRun(io.ebpf4j.TestRun.of(new byte[64]));
            }))
        .isEqualTo("ENOTSUPP");
  }
}
