package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.ReuseportServer;
import io.ebpf4j.ReuseportServer.Member;
import io.ebpf4j.UdpMessage;
import io.ebpf4j.junit.LeaksAllowed;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.AttachType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Servers that share a real port, with the same program and the same members on either kernel. */
@LeaksAllowed
class ReuseportServerTwinTest {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final int LIMIT_SECONDS = 20;

  /** Selects the member in the slot that the first byte of the payload says. */
  private static Program byFirstByte(Kernel kernel, BpfMap map) {
    return Programs.select(
        kernel,
        AttachType.SK_REUSEPORT_SELECT,
        Map.of("sockets", map),
        "r6 = r1",
        "*(u32 *)(r10 -4) = 0",
        "r2 = 8",
        "r3 = r10",
        "r3 += -4",
        "r4 = 1",
        "call 26",
        "r1 = r6",
        "r2 = map[sockets]",
        "r3 = r10",
        "r3 += -4",
        "r4 = 0",
        "call 82",
        "if r0 == 0 goto +2",
        "r0 = 0",
        "exit",
        "r0 = 1",
        "exit");
  }

  private static void echo(int member, UdpMessage message) {
    byte[] answer = new byte[message.payload().remaining() + 1];
    message.payload().get(answer, 1, answer.length - 1);
    answer[0] = (byte) member;
    message.reply(ByteBuffer.wrap(answer));
  }

  private static DatagramChannel client(ReuseportServer<?> server) throws IOException {
    DatagramChannel client = DatagramChannel.open();
    client.connect(server.address());
    client.socket().setSoTimeout(LIMIT_SECONDS * 1000);
    return client;
  }

  private static byte[] ask(DatagramChannel client, byte... question) throws IOException {
    client.write(ByteBuffer.wrap(question));
    ByteBuffer answer = ByteBuffer.allocate(64);
    client.read(answer);
    return java.util.Arrays.copyOf(answer.array(), answer.position());
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (!condition.getAsBoolean() && System.nanoTime() < end) {
      LockSupport.parkNanos(1_000_000);
    }
    assertThat(condition.getAsBoolean()).isTrue();
  }

  @TwinTest
  void theProgramChoosesTheMemberOfADatagram(Kernel kernel) throws IOException {
    BpfMap map = TwinSockets.array(kernel, 4);
    try (ReuseportServer<UdpMessage> server = kernel.serveUdp(ANY_PORT);
        DatagramChannel client = client(server)) {
      List<Member> members = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        int number = i;
        Member member = server.join(message -> echo(number, message));
        map.update(Elements.u32(i), Elements.u64(member.fd()), 0);
        members.add(member);
      }
      server.attach(byFirstByte(kernel, map));
      for (byte i = 0; i < 4; i++) {
        assertThat(ask(client, i, (byte) 77)).containsExactly(i, i, 77);
      }
      assertThat(members).allSatisfy(member -> assertThat(member.received()).isEqualTo(1));
      members.get(2).close();
      await(() -> Elements.lookup(map, 2, 0).equals("ENOENT"));
      assertThat(ask(client, (byte) 3)).containsExactly(3, 3);
    }
  }

  @TwinTest
  void theHashKeepsAFlowAtItsMember(Kernel kernel) throws IOException {
    try (ReuseportServer<UdpMessage> server = kernel.serveUdp(ANY_PORT);
        DatagramChannel client = client(server)) {
      for (int i = 0; i < 3; i++) {
        int number = i;
        server.join(message -> echo(number, message));
      }
      byte[] first = ask(client, (byte) 9);
      for (int i = 0; i < 20; i++) {
        assertThat(ask(client, (byte) 9)).isEqualTo(first);
      }
    }
  }

  @TwinTest
  void membersMayHaveVirtualThreadsAndFail(Kernel kernel) throws IOException {
    try (ReuseportServer<UdpMessage> server = kernel.serveUdp(ANY_PORT);
        DatagramChannel client = client(server)) {
      Member member =
          server.join(
              Thread.ofVirtual().factory(),
              16,
              message -> {
                echo(5, message);
                throw new IllegalStateException("of the test");
              });
      assertThat(ask(client, (byte) 1)).containsExactly(5, 1);
      assertThat(ask(client, (byte) 2)).containsExactly(5, 2);
      await(() -> member.failed() == 2);
    }
  }

  @TwinTest
  void whatTooManyWaitForIsDroppedAndCounted(Kernel kernel) throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    try (ReuseportServer<UdpMessage> server = kernel.serveUdp(ANY_PORT);
        DatagramChannel client = client(server)) {
      Member member =
          server.join(
              Thread.ofPlatform().daemon().factory(),
              8,
              message -> {
                try {
                  go.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      for (int i = 0; i < 1000; i++) {
        client.write(ByteBuffer.wrap(new byte[16]));
      }
      await(() -> member.dropped() > 900);
      go.countDown();
      await(() -> member.dropped() + member.received() == 1000);
    }
  }

  @TwinTest
  void noDatagramIsLostWhenMembersComeAndGo(Kernel kernel) throws Exception {
    AtomicLong served = new AtomicLong();
    int count = 4000;
    try (ReuseportServer<UdpMessage> server = kernel.serveUdp(ANY_PORT);
        DatagramChannel client = client(server)) {
      Member old = server.join(message -> served.incrementAndGet());
      Thread changes =
          Thread.ofPlatform()
              .start(() -> {
                Member current = old;
                for (int i = 0; i < 20; i++) {
                  Member next = server.join(message -> served.incrementAndGet());
                  current.close();
                  current = next;
                  LockSupport.parkNanos(2_000_000);
                }
              });
      for (int i = 0; i < count; i++) {
        client.write(ByteBuffer.wrap(new byte[] {(byte) i}));
        if (i % 20 == 0) {
          LockSupport.parkNanos(200_000);
        }
      }
      changes.join();
      await(() -> served.get() == count);
    }
  }

  @TwinTest
  void theProgramChoosesTheMemberOfAConnection(Kernel kernel) throws IOException {
    BpfMap map = TwinSockets.array(kernel, 2);
    try (ReuseportServer<SocketChannel> server = kernel.serveTcp(ANY_PORT)) {
      for (int i = 0; i < 2; i++) {
        byte number = (byte) i;
        Member member =
            server.join(connection -> {
              try (connection) {
                connection.configureBlocking(true);
                connection.write(ByteBuffer.wrap(new byte[] {number}));
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
        map.update(Elements.u32(i), Elements.u64(member.fd()), 0);
      }
      for (int slot = 0; slot < 2; slot++) {
        server.attach(
            Programs.select(
                kernel,
                AttachType.SK_REUSEPORT_SELECT,
                Map.of("sockets", map),
                "*(u32 *)(r10 -4) = " + slot,
                "r2 = map[sockets]",
                "r3 = r10",
                "r3 += -4",
                "r4 = 0",
                "call 82",
                "r0 = 1",
                "exit"));
        for (int i = 0; i < 5; i++) {
          try (SocketChannel client = SocketChannel.open(server.address())) {
            ByteBuffer answer = ByteBuffer.allocate(1);
            client.read(answer);
            assertThat(answer.get(0)).isEqualTo((byte) slot);
          }
        }
      }
    }
  }

  @TwinTest
  void aTakenPortIsRefused(Kernel kernel) throws IOException {
    try (DatagramChannel other = DatagramChannel.open()) {
      other.bind(ANY_PORT);
      InetSocketAddress taken = (InetSocketAddress) other.getLocalAddress();
      assertThat(Elements.answer(() -> kernel.serveUdp(taken).close())).isEqualTo("EADDRINUSE");
    }
  }
}
