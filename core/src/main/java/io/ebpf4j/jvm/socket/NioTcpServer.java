package io.ebpf4j.jvm.socket;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** Connections of a port of the host. One that is refused is reset. */
final class NioTcpServer extends NioServer<SocketChannel> {
  private static final int BACKLOG = 4096;

  private final Sockets sockets;
  private final Delivery delivery;
  private final ServerSocketChannel channel;
  private final Endpoint local;

  private NioTcpServer(
      Sockets sockets, Delivery delivery, ServerSocketChannel channel, InetSocketAddress address) {
    super(address);
    this.sockets = sockets;
    this.delivery = delivery;
    this.channel = channel;
    this.local = Endpoint.of(address);
  }

  static NioTcpServer open(Sockets sockets, Delivery delivery, InetSocketAddress wanted) {
    try {
      ServerSocketChannel channel = ServerSocketChannel.open(sockets.family(wanted).ofJdk());
      try {
        channel.bind(wanted, BACKLOG);
        NioTcpServer server =
            new NioTcpServer(
                sockets, delivery, channel, (InetSocketAddress) channel.getLocalAddress());
        sockets.keep(server);
        return server;
      } catch (IOException | RuntimeException failure) {
        channel.close();
        throw failure;
      }
    } catch (IOException failure) {
      throw refusal(failure, wanted);
    }
  }

  @Override
  void readNext() throws IOException {
    SocketChannel connection = channel.accept();
    Endpoint source;
    try {
      source = Endpoint.of((InetSocketAddress) connection.getRemoteAddress());
    } catch (IOException gone) {
      connection.close();
      return;
    }
    while (!handOn(delivery.choose(Protocol.TCP, source, local, Payload.Bytes.NONE), connection)) {
      Thread.onSpinWait();
    }
  }

  @Override
  InetSocket newSocket(InetSocketAddress shared) {
    TcpSocket socket = sockets.tcp(sockets.family(shared));
    socket.setReusePort(true);
    try {
      socket.bind(shared);
      socket.listen(BACKLOG);
    } catch (RuntimeException refused) {
      socket.close();
      throw refused;
    }
    return socket;
  }

  @Override
  void discard(SocketChannel connection) {
    try {
      connection.setOption(StandardSocketOptions.SO_LINGER, 0);
      connection.close();
    } catch (IOException gone) {
      // So be it.
    }
  }

  @Override
  void closeChannel() throws IOException {
    channel.close();
  }
}
