package io.ebpf4j.linux;

import io.ebpf4j.UdpMessage;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.function.Consumer;

/** Datagrams of a port of the host. */
final class UdpServer extends LinuxServer<UdpMessage> {
  private static final int MAX_PAYLOAD = 1 << 16;

  /** What Linux charges for a small datagram. */
  private static final int BYTES_PER_DATAGRAM = 768;

  UdpServer(LinuxKernel kernel, InetSocketAddress wanted) {
    super(kernel, wanted);
    reserve(() -> open(wanted));
  }

  private static DatagramChannel open(InetSocketAddress address) throws IOException {
    return DatagramChannel.open(
        address.getAddress() instanceof Inet6Address
            ? StandardProtocolFamily.INET6
            : StandardProtocolFamily.INET);
  }

  @Override
  LinuxMember<UdpMessage> newMember(
      InetSocketAddress shared, int capacity, Consumer<UdpMessage> service) throws IOException {
    DatagramChannel channel = open(shared);
    try {
      channel.setOption(
          StandardSocketOptions.SO_RCVBUF,
          (int) Math.min(1 << 26, (long) capacity * BYTES_PER_DATAGRAM));
      int fd = ReuseportChannel.bind(channel, shared);
      return new Reader(channel, fd, shared, service);
    } catch (IOException | RuntimeException failure) {
      channel.close();
      throw failure;
    }
  }

  private static final class Reader extends LinuxMember<UdpMessage> {
    private final DatagramChannel channel;
    private final InetSocketAddress shared;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(MAX_PAYLOAD);

    Reader(DatagramChannel channel, int fd, InetSocketAddress shared, Consumer<UdpMessage> service)
        throws IOException {
      super(channel, fd, service);
      this.channel = channel;
      this.shared = shared;
    }

    @Override
    void serveWaiting() throws IOException {
      while (true) {
        buffer.clear();
        InetSocketAddress source = (InetSocketAddress) channel.receive(buffer);
        if (source == null) {
          return;
        }
        buffer.flip();
        serve(new Message(channel, source, buffer));
      }
    }

    @Override
    void leaveGroup() {
      ReuseportChannel.leaveGroup(fd(), shared);
    }
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
