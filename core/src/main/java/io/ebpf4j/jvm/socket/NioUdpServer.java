package io.ebpf4j.jvm.socket;

import io.ebpf4j.UdpMessage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;

/** Datagrams of a port of the host. */
final class NioUdpServer extends NioServer<UdpMessage> {
  private static final int MAX_PAYLOAD = 1 << 16;
  private static final int RECEIVE_BUFFER = 1 << 22;

  private final Sockets sockets;
  private final Delivery delivery;
  private final DatagramChannel channel;
  private final Endpoint local;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_PAYLOAD);
  private final Payload.Start payload = new Payload.Start(MemorySegment.ofBuffer(buffer));

  private NioUdpServer(
      Sockets sockets, Delivery delivery, DatagramChannel channel, InetSocketAddress address) {
    super(address);
    this.sockets = sockets;
    this.delivery = delivery;
    this.channel = channel;
    this.local = Endpoint.of(address);
  }

  static NioUdpServer open(Sockets sockets, Delivery delivery, InetSocketAddress wanted) {
    try {
      DatagramChannel channel = DatagramChannel.open(sockets.family(wanted).ofJdk());
      try {
        channel.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER);
        channel.bind(wanted);
        NioUdpServer server =
            new NioUdpServer(
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
    buffer.clear();
    InetSocketAddress source = (InetSocketAddress) channel.receive(buffer);
    buffer.flip();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    Endpoint from = Endpoint.of(source);
    UdpMessage message = new Message(channel, source, ByteBuffer.wrap(bytes));
    while (!handOn(delivery.choose(Protocol.UDP, from, local, payload.of(bytes.length)), message)) {
      Thread.onSpinWait();
    }
  }

  @Override
  InetSocket newSocket(InetSocketAddress shared) {
    UdpSocket socket = sockets.udp(sockets.family(shared));
    socket.setReusePort(true);
    try {
      socket.bind(shared);
    } catch (RuntimeException refused) {
      socket.close();
      throw refused;
    }
    return socket;
  }

  @Override
  void discard(UdpMessage message) {}

  @Override
  void closeChannel() throws IOException {
    channel.close();
  }

  private record Message(DatagramChannel channel, InetSocketAddress source, ByteBuffer payload)
      implements UdpMessage {
    @Override
    public boolean reply(ByteBuffer answer) {
      try {
        return channel.send(answer, source) > 0;
      } catch (IOException refused) {
        return false;
      }
    }
  }
}
