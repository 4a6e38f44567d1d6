package io.ebpf4j.examples;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;

/** A UDP client with a port of its own: one flow. */
final class Client implements AutoCloseable {
  /** What {@link #ask} gives where no answer comes. */
  static final int NO_ANSWER = -1;

  private static final int PATIENCE_MILLIS = 5000;

  private final DatagramSocket socket;
  private final InetSocketAddress server;

  Client(InetSocketAddress server) throws IOException {
    this(server, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), PATIENCE_MILLIS);
  }

  Client(InetSocketAddress server, InetAddress source, int patienceMillis) throws IOException {
    this.server = server;
    socket = new DatagramSocket(0, source);
    socket.setSoTimeout(patienceMillis);
  }

  /** Asks, and gives the slot of the worker who answered, or {@link #NO_ANSWER}. */
  int ask(byte... question) throws IOException {
    socket.send(new DatagramPacket(question, question.length, server));
    DatagramPacket answer = new DatagramPacket(new byte[2048], 2048);
    try {
      socket.receive(answer);
      return answer.getData()[0];
    } catch (SocketTimeoutException nobody) {
      return NO_ANSWER;
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
