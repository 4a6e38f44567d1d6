package io.ebpf4j.linux;

import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;

/**
 * Connections of a port of the host. A member that leaves serves those that wait; one that arrives
 * between its last look and its end goes to another member where the program was loaded to migrate.
 */
final class TcpServer extends LinuxServer<SocketChannel> {
  TcpServer(LinuxKernel kernel, InetSocketAddress wanted) {
    super(kernel, wanted);
    // It does not listen: nothing is chosen for it.
    reserve(() -> SocketChannel.open(family(wanted)));
  }

  private static StandardProtocolFamily family(InetSocketAddress address) {
    return address.getAddress() instanceof Inet6Address
        ? StandardProtocolFamily.INET6
        : StandardProtocolFamily.INET;
  }

  @Override
  LinuxMember<SocketChannel> newMember(
      InetSocketAddress shared, int capacity, Consumer<SocketChannel> service) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open(family(shared));
    try {
      int fd = ReuseportChannel.bind(channel, shared, capacity);
      return new Acceptor(channel, fd, service);
    } catch (IOException | RuntimeException failure) {
      channel.close();
      throw failure;
    }
  }

  private static final class Acceptor extends LinuxMember<SocketChannel> {
    private final ServerSocketChannel channel;

    Acceptor(ServerSocketChannel channel, int fd, Consumer<SocketChannel> service)
        throws IOException {
      super(channel, fd, service);
      this.channel = channel;
    }

    @Override
    void serveWaiting() throws IOException {
      SocketChannel connection;
      while ((connection = channel.accept()) != null) {
        serve(connection);
      }
    }

    @Override
    void leaveGroup() {}
  }
}
