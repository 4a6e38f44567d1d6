package io.ebpf4j.conformance;

import java.util.List;
import java.util.Optional;

/**
 * A socket of either kernel. What may be refused answers with OK or an errno in words, so that a
 * test says both alike.
 */
interface TwinSocket extends AutoCloseable {
  /** The descriptor. */
  int fd();

  /** SO_COOKIE. */
  long cookie();

  /** The local port, 0 where it is not bound. */
  int port();

  /** Sets SO_REUSEPORT. */
  String reuseport(boolean on);

  /** Sets IPV6_V6ONLY. */
  String v6only(boolean on);

  /** Binds to a literal address. */
  String bind(String address, int port);

  /** Listens, for TCP. */
  String listen(int backlog);

  /** Connects to a literal address. */
  String connect(String address, int port);

  /** Connects to no address: AF_UNSPEC. */
  String disconnect();

  /** Shuts down both ways. */
  String shutdown();

  /** Sends a datagram to a literal address, or bytes. */
  String sendTo(String address, int port, byte[] bytes);

  /** Sends to where it is connected. */
  String send(byte[] bytes);

  /** The next datagram or bytes, or the errno. */
  Received receive();

  /** The next connection, if there is one. */
  Optional<TwinSocket> accept();

  /** Attaches a program, by its descriptor, to the group of the socket. */
  String attach(int program);

  /** Detaches the group's program. */
  String detach();

  @Override
  void close();

  /** What came in: bytes and the sender's port, or an answer. */
  @SuppressWarnings("ArrayRecordComponent") // Compared by its parts.
  record Received(String answer, byte[] bytes, int port) {
    boolean came() {
      return answer.equals("OK");
    }
  }

  /** Closes all. */
  static void closeAll(List<? extends TwinSocket> sockets) {
    sockets.forEach(TwinSocket::close);
  }
}
