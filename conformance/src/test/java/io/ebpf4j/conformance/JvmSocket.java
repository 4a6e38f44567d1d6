package io.ebpf4j.conformance;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.socket.Datagram;
import io.ebpf4j.jvm.socket.InetSocket;
import io.ebpf4j.jvm.socket.TcpSocket;
import io.ebpf4j.jvm.socket.UdpSocket;
import java.net.InetSocketAddress;
import java.util.Optional;

/** A socket of the kernel in the JVM. */
record JvmSocket(InetSocket socket) implements TwinSocket {
  @Override
  public int fd() {
    return socket.fd();
  }

  @Override
  public long cookie() {
    return socket.cookie();
  }

  @Override
  public int port() {
    return socket.localAddress().getPort();
  }

  @Override
  public String reuseport(boolean on) {
    return Elements.answer(() -> socket.setReusePort(on));
  }

  @Override
  public String v6only(boolean on) {
    return Elements.answer(() -> socket.setIpv6Only(on));
  }

  @Override
  public String bind(String address, int port) {
    return Elements.answer(() -> socket.bind(new InetSocketAddress(address, port)));
  }

  @Override
  public String listen(int backlog) {
    return Elements.answer(() -> ((TcpSocket) socket).listen(backlog));
  }

  @Override
  public String connect(String address, int port) {
    InetSocketAddress peer = new InetSocketAddress(address, port);
    return Elements.answer(() -> {
      switch (socket) {
        case UdpSocket udp -> udp.connect(peer);
        case TcpSocket tcp -> tcp.connect(peer);
      }
    });
  }

  @Override
  public String disconnect() {
    return Elements.answer(() -> {
      switch (socket) {
        case UdpSocket udp -> udp.disconnect();
        case TcpSocket tcp -> tcp.disconnect();
      }
    });
  }

  @Override
  public String shutdown() {
    return Elements.answer(() -> ((TcpSocket) socket).shutdown());
  }

  @Override
  public String sendTo(String address, int port, byte[] bytes) {
    InetSocketAddress peer = new InetSocketAddress(address, port);
    return Elements.answer(() -> ((UdpSocket) socket).sendTo(peer, bytes));
  }

  @Override
  public String send(byte[] bytes) {
    return Elements.answer(() -> {
      switch (socket) {
        case UdpSocket udp -> udp.send(bytes);
        case TcpSocket tcp -> tcp.send(bytes);
      }
    });
  }

  @Override
  public Received receive() {
    try {
      return switch (socket) {
        case UdpSocket udp -> {
          Optional<Datagram> datagram = udp.receive();
          yield datagram.isEmpty()
              ? new Received("EAGAIN", new byte[0], 0)
              : new Received("OK", datagram.get().payload(), datagram.get().source().getPort());
        }
        case TcpSocket tcp ->
            tcp.receive()
                .map(bytes -> new Received("OK", bytes, 0))
                .orElse(new Received("EAGAIN", new byte[0], 0));
      };
    } catch (BpfException e) {
      return new Received(e.errno().name(), new byte[0], 0);
    }
  }

  @Override
  public Optional<TwinSocket> accept() {
    try {
      return ((TcpSocket) socket).accept().map(JvmSocket::new);
    } catch (BpfException e) {
      return Optional.empty();
    }
  }

  @Override
  public String attach(int program) {
    return Elements.answer(() -> socket.attachReuseportProgram(program));
  }

  @Override
  public String detach() {
    return Elements.answer(socket::detachReuseportProgram);
  }

  @Override
  public void close() {
    socket.close();
  }
}
