package io.ebpf4j.examples;

import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.ReuseportServer;
import io.ebpf4j.ReuseportServer.Member;
import io.ebpf4j.UdpMessage;
import io.ebpf4j.object.ObjectFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Workers that share a UDP port of the loopback device, and an object whose program chooses among
 * them by its map {@code members}. A worker answers with its slot and what it was asked.
 */
final class Workers implements AutoCloseable {
  private final ObjectFile file;
  private final BpfObject loaded;
  private final ReuseportServer<UdpMessage> server;
  private final Map<Integer, Member> members = new ConcurrentHashMap<>();

  private Workers(ObjectFile file, BpfObject loaded, ReuseportServer<UdpMessage> server) {
    this.file = file;
    this.loaded = loaded;
    this.server = server;
  }

  /** Loads the object and takes a port. */
  static Workers open(Kernel kernel, Path object) throws IOException {
    ObjectFile file = ObjectFile.read(object);
    BpfObject loaded = kernel.load(file);
    try {
      InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
      return new Workers(file, loaded, kernel.serveUdp(new InetSocketAddress(loopback, 0)));
    } catch (RuntimeException refused) {
      loaded.close();
      throw refused;
    }
  }

  /** Starts a worker and puts it into a slot; the first one brings the program along. */
  void start(int slot) {
    Member member = server.join(message -> answer(slot, message));
    members.put(slot, member);
    map("members").update(u32(slot), u64(member.fd()));
    if (members.size() == 1) {
      server.attach(loaded.programs().values().iterator().next());
    }
  }

  private static void answer(int slot, UdpMessage message) {
    ByteBuffer answer = ByteBuffer.allocate(1 + message.payload().remaining());
    answer.put((byte) slot).put(message.payload()).flip();
    message.reply(answer);
  }

  /** Stops a worker, which still serves what waits for it; its slot is empty then. */
  void stop(int slot) {
    Member member = members.remove(slot);
    if (member != null) {
      member.close();
    }
  }

  InetSocketAddress address() {
    return server.address();
  }

  /** What a worker has got that runs. */
  long received(int slot) {
    return Objects.requireNonNull(members.get(slot), "no worker " + slot).received();
  }

  BpfMap map(String name) {
    return loaded.map(name);
  }

  /** Sets the one variable of a section while the program runs. */
  void set(String variable, int value) {
    map(file.variable(variable).section()).update(u32(0), u32(value));
  }

  static byte[] u32(int value) {
    return ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  static byte[] u64(long value) {
    return ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
  }

  @Override
  public void close() {
    server.close();
    loaded.close();
  }
}
