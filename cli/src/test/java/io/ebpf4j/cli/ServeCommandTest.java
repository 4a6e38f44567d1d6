package io.ebpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServeCommandTest {
  private static final Path WATCH = CommandRun.root().resolve("examples/reuseport/watch.bpf.o");
  private static final Path COUNT = CommandRun.root().resolve("examples/xdp-count/xdp_count.bpf.o");

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** Serves a port for a moment, and lets a client use it. */
  private static JsonValue served(String protocol, IntConsumer client, String... more)
      throws Exception {
    int port = freePort();
    Thread thread = Thread.ofPlatform().start(() -> client.accept(port));
    Object[] arguments = new Object[8 + more.length];
    Object[] first = {"serve", WATCH, protocol, port, "--members", 4, "--json", "--seconds=3"};
    System.arraycopy(first, 0, arguments, 0, first.length);
    System.arraycopy(more, 0, arguments, first.length, more.length);
    CommandRun run = CommandRun.of(arguments);
    thread.join();
    return run.json();
  }

  private static void ask(int port) {
    InetSocketAddress server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    try (DatagramChannel client = DatagramChannel.open()) {
      client.configureBlocking(false);
      client.connect(server);
      ByteBuffer answer = ByteBuffer.allocate(16);
      // Until the server is there, datagrams are refused.
      for (int asked = 0; asked < 8; ) {
        try {
          client.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
          LockSupport.parkNanos(50_000_000);
          if (client.read(answer.clear()) == 3) {
            asked++;
          }
        } catch (IOException refused) {
          LockSupport.parkNanos(20_000_000);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void connect(int port) {
    InetSocketAddress server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    for (int asked = 0; asked < 8; ) {
      try (SocketChannel client = SocketChannel.open(server)) {
        client.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
        if (client.read(ByteBuffer.allocate(16)) == 3) {
          asked++;
        }
      } catch (IOException refused) {
        LockSupport.parkNanos(20_000_000);
      }
    }
  }

  private static void assertEvenShares(JsonValue report) {
    assertThat(report.get("kernel").value()).isEqualTo("jvm");
    assertThat(report.get("members").list()).hasSize(4);
    assertThat(report.get("members").list())
        .allSatisfy(member -> {
          assertThat(number(member, "received")).isGreaterThanOrEqualTo(1);
          assertThat(number(member, "dropped")).isZero();
        });
    assertThat(number(report, "received")).isGreaterThanOrEqualTo(8);
    assertThat(report.get("maps").list()).isNotEmpty();
  }

  private static long number(JsonValue object, String name) {
    return ((Number) object.get(name).value()).longValue();
  }

  @Test
  void datagramsAreEchoedAndCountedByMember() throws Exception {
    JsonValue report = served("--udp", ServeCommandTest::ask);
    assertThat(report.get("protocol").value()).isEqualTo("udp");
    assertEvenShares(report);
  }

  @Test
  void connectionsAreEchoedAndCountedByMember() throws Exception {
    JsonValue report = served("--tcp", ServeCommandTest::connect);
    assertThat(report.get("protocol").value()).isEqualTo("tcp");
    assertEvenShares(report);
  }

  @Test
  void theTextIsATableOfMembers() throws Exception {
    CommandRun run = CommandRun.of("serve", WATCH, "--udp", 0, "--seconds", "0.1");
    assertThat(run.status()).isZero();
    assertThat(run.out())
        .contains("serving udp 127.0.0.1:", "member", "per second", "0 received, 0 refused");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--members 0",
        "--members 65",
        "--seconds 0",
        "--on both",
        "--array nothing",
        "--host no.such.host.invalid"
      })
  void wrongUsageIsSaidInOneSentence(String option) throws Exception {
    String[] words = option.split(" ", -1);
    CommandRun run = CommandRun.of("serve", WATCH, "--udp", 0, words[0], words[1]);
    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err().strip().lines()).hasSize(1);
  }

  @Test
  void anotherProgramIsRefused() throws Exception {
    CommandRun run = CommandRun.of("serve", COUNT, "--udp", 0);
    assertThat(run.status()).isEqualTo(1);
    assertThat(run.err()).contains("sk_reuseport").doesNotContain("Exception");
  }

  @Test
  @ExtendWith(LinuxRequired.class)
  void linuxServesTheSame() throws Exception {
    CommandRun run = CommandRun.of("serve", WATCH, "--udp", 0, "--on", "linux", "--seconds", "0.2");
    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.out()).contains("on linux, 4 members");
  }
}
