package io.ebpf4j.examples;

import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Link;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.jvm.socket.Family;
import io.ebpf4j.jvm.socket.TcpSocket;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.Attachment;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A server whose connections are accounted for one by one: programs on the packets of its control
 * group keep what they count with the connection's socket.
 */
public final class Connections {
  private Connections() {}

  /** What one connection of the server's has had. */
  public record Account(long inPackets, long inBytes, long outPackets, long outBytes) {}

  /** Prints the accounts. */
  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments.length > 0 ? arguments[0] : "examples/storage/connections.bpf.o");
    serve(file, List.of(1, 2, 3)).forEach(System.out::println);
  }

  /**
   * Runs an echo server.
   *
   * @param requests how many requests of 100 bytes each client makes
   * @return the account of each connection, in the order of the clients
   */
  public static List<Account> serve(Path file, List<Integer> requests) throws IOException {
    List<Account> accounts = new ArrayList<>();
    try (JvmKernel kernel = JvmKernel.create();
        BpfObject object = kernel.load(ObjectFile.read(file));
        Link _ = kernel.attach(object.program("ingress"), new Attachment.Cgroup("/"));
        Link _ = kernel.attach(object.program("egress"), new Attachment.Cgroup("/"));
        TcpSocket server = kernel.sockets().tcp(Family.IPV4)) {
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      server.listen(16);
      for (int count : requests) {
        try (TcpSocket client = kernel.sockets().tcp(Family.IPV4)) {
          client.connect(server.localAddress());
          try (TcpSocket connection = server.accept().orElseThrow()) {
            for (int i = 0; i < count; i++) {
              client.send(new byte[100]);
              connection.send(connection.receive().orElseThrow());
              client.receive();
            }
            accounts.add(account(object.map("accounts"), connection.fd()));
          }
        }
      }
    }
    return accounts;
  }

  private static Account account(BpfMap accounts, int fd) {
    MemorySegment value = MemorySegment.ofArray(new long[6]);
    accounts.lookup(MemorySegment.ofArray(new int[] {fd}), value, 0);
    long[] counts = value.toArray(ValueLayout.JAVA_LONG);
    return new Account(counts[0], counts[1], counts[2], counts[3]);
  }
}
