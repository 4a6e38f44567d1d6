package io.ebpf4j.cli;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.ReuseportServer;
import io.ebpf4j.UdpMessage;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A server whose members send back what they get. */
final class EchoServer implements AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 14;

  private final ReuseportServer<?> server;
  private final Joiner joiner;

  private interface Joiner {
    ReuseportServer.Member join();
  }

  private EchoServer(ReuseportServer<?> server, Joiner joiner) {
    this.server = server;
    this.joiner = joiner;
  }

  static EchoServer open(Kernel kernel, boolean datagrams, InetSocketAddress address) {
    return datagrams
        ? of(kernel.serveUdp(address), EchoServer::echo)
        : of(kernel.serveTcp(address), EchoServer::echo);
  }

  private static <M> EchoServer of(ReuseportServer<M> server, Consumer<M> service) {
    return new EchoServer(server, () -> server.join(service));
  }

  private static void echo(UdpMessage message) {
    message.reply(message.payload());
  }

  /** Each connection has a thread of its own, so that a slow client does not hold up the others. */
  private static void echo(SocketChannel connection) {
    Thread.startVirtualThread(() -> {
      try (connection) {
        connection.configureBlocking(true);
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        while (connection.read(buffer) >= 0) {
          buffer.flip();
          while (buffer.hasRemaining()) {
            connection.write(buffer);
          }
          buffer.clear();
        }
      } catch (IOException gone) {
        // The client went without a word.
      }
    });
  }

  InetSocketAddress address() {
    return server.address();
  }

  /** Adds members, and puts their sockets into an array by number. */
  List<ReuseportServer.Member> join(int count, @Nullable BpfMap array) {
    List<ReuseportServer.Member> members = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ReuseportServer.Member member = joiner.join();
      members.add(member);
      if (array != null) {
        array.update(number(i, Integer.BYTES), number(member.fd(), array.userValueSize()));
      }
    }
    return members;
  }

  private static byte[] number(int value, int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(0, value).array();
  }

  void attach(Program program) {
    server.attach(program);
  }

  long refused() {
    return server.refused();
  }

  @Override
  public void close() {
    server.close();
  }
}
