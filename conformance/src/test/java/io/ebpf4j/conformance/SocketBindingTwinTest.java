package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.TwinSockets.LOOPBACK;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.Kernel;
import io.ebpf4j.junit.LeaksAllowed;
import io.ebpf4j.junit.TwinTest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Which sockets may have one address and port together, and where packets then go. */
@LeaksAllowed
class SocketBindingTwinTest {
  private static final byte[] PAYLOAD = {1, 2, 3};

  private TwinSockets sockets;

  @BeforeEach
  void open(Kernel kernel) {
    sockets = new TwinSockets(kernel);
  }

  @AfterEach
  void close() {
    sockets.close();
  }

  private TwinSocket socket(boolean udp, String address) {
    boolean ipv6 = address.contains(":");
    if (udp) {
      return ipv6 ? sockets.udp6() : sockets.udp();
    }
    return ipv6 ? sockets.tcp6() : sockets.tcp();
  }

  /** Binds two sockets, for UDP and TCP, and gives the answers of the second one. */
  private List<String> conflicts(
      String first, boolean firstShares, String second, boolean secondShares, boolean only) {
    List<String> answers = new ArrayList<>();
    for (boolean udp : new boolean[] {true, false}) {
      TwinSocket one = socket(udp, first);
      TwinSocket two = socket(udp, second);
      one.reuseport(firstShares);
      two.reuseport(secondShares);
      if (only) {
        one.v6only(true);
        two.v6only(true);
      }
      assertThat(one.bind(first, 0)).isEqualTo("OK");
      answers.add(two.bind(second, one.port()));
      one.close();
      two.close();
    }
    return answers;
  }

  @TwinTest
  void anAddressIsSharedWhereBothWantIt(Kernel kernel) {
    String[][] overlapping = {
      {LOOPBACK, LOOPBACK},
      {"0.0.0.0", LOOPBACK},
      {LOOPBACK, "0.0.0.0"},
      {"::", "0.0.0.0"},
      {"0.0.0.0", "::"},
      {"::", LOOPBACK},
      {LOOPBACK, "::"},
      {"::1", "::"},
      {"::", "::1"}
    };
    for (String[] pair : overlapping) {
      String name = pair[0] + " and " + pair[1];
      assertThat(conflicts(pair[0], true, pair[1], true, false)).as(name).containsOnly("OK");
      assertThat(conflicts(pair[0], false, pair[1], false, false))
          .as(name)
          .containsOnly("EADDRINUSE");
      assertThat(conflicts(pair[0], true, pair[1], false, false))
          .as(name)
          .containsOnly("EADDRINUSE");
      assertThat(conflicts(pair[0], false, pair[1], true, false))
          .as(name)
          .containsOnly("EADDRINUSE");
    }
  }

  @TwinTest
  void otherAddressesDoNotConflict(Kernel kernel) {
    assertThat(conflicts(LOOPBACK, false, "127.0.0.2", false, false)).containsOnly("OK");
    assertThat(conflicts("::1", false, LOOPBACK, false, false)).containsOnly("OK");
    assertThat(conflicts("::", false, "0.0.0.0", false, true)).containsOnly("OK");
    assertThat(conflicts(LOOPBACK, false, "::", false, true)).containsOnly("OK");
  }

  @TwinTest
  void aSocketWithAGroupOfItsOwnJoinsNone(Kernel kernel) {
    int pass = Programs.answering(kernel, 1).fd();
    TwinSocket first = sockets.member(LOOPBACK, 0);
    TwinSocket second = sockets.udp();
    second.reuseport(true);
    assertThat(second.attach(pass)).isEqualTo("OK");
    assertThat(second.bind(LOOPBACK, first.port())).isEqualTo("EADDRINUSE");
    assertThat(second.bind(LOOPBACK, 0)).isEqualTo("OK");
    TwinSocket third = sockets.udp();
    third.reuseport(true);
    assertThat(third.bind(LOOPBACK, second.port())).isEqualTo("OK");
    assertThat(third.detach()).isEqualTo("OK");
    assertThat(second.detach()).isEqualTo("ENOENT");
  }

  @TwinTest
  void aSocketIsBoundOnce(Kernel kernel) {
    TwinSocket udp = sockets.udp();
    assertThat(udp.bind(LOOPBACK, 0)).isEqualTo("OK");
    assertThat(udp.bind(LOOPBACK, 0)).isEqualTo("EINVAL");
    TwinSocket again = sockets.udp();
    int port = udp.port();
    udp.close();
    assertThat(again.bind(LOOPBACK, port)).isEqualTo("OK");
  }

  @TwinTest
  void theVeryAddressGoesBeforeTheWildcard(Kernel kernel) {
    TwinSocket all = sockets.member("0.0.0.0", 0);
    TwinSocket one = sockets.member(LOOPBACK, all.port());
    TwinSocket client = sockets.udp();
    assertThat(client.sendTo(LOOPBACK, all.port(), PAYLOAD)).isEqualTo("OK");
    assertThat(one.receive().came()).isTrue();
    assertThat(client.sendTo("127.0.0.2", all.port(), PAYLOAD)).isEqualTo("OK");
    assertThat(all.receive().came()).isTrue();
    assertThat(one.receive().answer()).isEqualTo("EAGAIN");
  }

  @TwinTest
  void aConnectedSocketGoesBeforeItsGroup(Kernel kernel) {
    List<TwinSocket> group = sockets.group(2);
    int port = group.getFirst().port();
    TwinSocket client = sockets.udp();
    client.bind(LOOPBACK, 0);
    TwinSocket connected = sockets.member(LOOPBACK, port);
    assertThat(connected.connect(LOOPBACK, client.port())).isEqualTo("OK");
    for (int i = 0; i < 8; i++) {
      assertThat(client.sendTo(LOOPBACK, port, PAYLOAD)).isEqualTo("OK");
      TwinSocket.Received got = connected.receive();
      assertThat(got.bytes()).isEqualTo(PAYLOAD);
      assertThat(got.port()).isEqualTo(client.port());
    }
    TwinSocket stranger = sockets.udp();
    assertThat(stranger.sendTo(LOOPBACK, port, PAYLOAD)).isEqualTo("OK");
    assertThat(connected.receive().answer()).isEqualTo("EAGAIN");
    assertThat(group.stream().filter(member -> member.receive().came()).count()).isEqualTo(1);
  }

  @TwinTest
  void nobodyThereRefusesAConnectedSender(Kernel kernel) {
    TwinSocket gone = sockets.udp();
    gone.bind(LOOPBACK, 0);
    int port = gone.port();
    gone.close();
    TwinSocket client = sockets.udp();
    assertThat(client.sendTo(LOOPBACK, port, PAYLOAD)).isEqualTo("OK");
    assertThat(client.receive().answer()).isEqualTo("EAGAIN");
    assertThat(client.connect(LOOPBACK, port)).isEqualTo("OK");
    assertThat(client.send(PAYLOAD)).isEqualTo("OK");
    assertThat(client.receive().answer()).isEqualTo("ECONNREFUSED");
    assertThat(client.send(PAYLOAD)).isEqualTo("OK");
    assertThat(client.send(PAYLOAD)).isEqualTo("ECONNREFUSED");
    TwinSocket tcp = sockets.tcp();
    assertThat(tcp.connect(LOOPBACK, port)).isEqualTo("ECONNREFUSED");
  }

  @TwinTest
  void aSocketOfBothFamiliesGetsIpv4Too(Kernel kernel) {
    TwinSocket both = sockets.udp6();
    assertThat(both.bind("::", 0)).isEqualTo("OK");
    TwinSocket client = sockets.udp();
    assertThat(client.sendTo(LOOPBACK, both.port(), PAYLOAD)).isEqualTo("OK");
    assertThat(both.receive().bytes()).isEqualTo(PAYLOAD);
    TwinSocket only = sockets.udp6();
    only.v6only(true);
    assertThat(only.bind("::", 0)).isEqualTo("OK");
    assertThat(client.sendTo(LOOPBACK, only.port(), PAYLOAD)).isEqualTo("OK");
    assertThat(only.receive().answer()).isEqualTo("EAGAIN");
  }

  @TwinTest
  void aConnectionGoesToAListenerAndCarriesBytes(Kernel kernel) {
    TwinSocket listener = sockets.listener(LOOPBACK, 0);
    assertThat(listener.accept()).isEmpty();
    TwinSocket client = sockets.tcp();
    assertThat(client.connect(LOOPBACK, listener.port())).isEqualTo("OK");
    try (TwinSocket server = listener.accept().orElseThrow()) {
      assertThat(client.send(PAYLOAD)).isEqualTo("OK");
      assertThat(server.receive().bytes()).isEqualTo(PAYLOAD);
      assertThat(server.receive().answer()).isEqualTo("EAGAIN");
      assertThat(server.send(new byte[] {7})).isEqualTo("OK");
    }
    assertThat(client.receive().bytes()).isEqualTo(new byte[] {7});
    assertThat(client.receive().bytes()).isEmpty();
  }

  @TwinTest
  void connectionsThatNobodyAcceptedAreLostWithTheirListener(Kernel kernel) {
    TwinSocket listener = sockets.listener(LOOPBACK, 0);
    TwinSocket client = sockets.tcp();
    assertThat(client.connect(LOOPBACK, listener.port())).isEqualTo("OK");
    listener.close();
    assertThat(client.receive().answer()).isEqualTo("ECONNRESET");
  }
}
