package io.ebpf4j.examples;

import io.ebpf4j.Kernel;
import io.ebpf4j.jvm.JvmKernel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * QUIC: a worker puts its slot into the connection ids that it gives out; the program finds it
 * there, so that a client whose address changes stays with its worker.
 */
public final class QuicRouting {
  private static final byte SHORT_HEADER = 0x40;
  private static final byte LONG_HEADER = (byte) 0xc0;
  private static final int CONNECTION_ID_BYTES = 8;
  private static final int SHORT_PATIENCE_MILLIS = 200;

  private QuicRouting() {}

  /**
   * What was counted.
   *
   * @param stayed connections that had the same worker before and after their port changed
   * @param handshakes long headers that some worker answered
   * @param nonsense answers to what is no QUIC
   */
  public record Counts(int connections, int stayed, int handshakes, int nonsense) {}

  /** Prints the counts. */
  public static void main(String[] arguments) throws IOException {
    Path object = Path.of(arguments.length > 0 ? arguments[0] : "examples/reuseport/quic.bpf.o");
    try (Kernel kernel = JvmKernel.create()) {
      System.out.println(run(kernel, object, 50));
    }
  }

  /** Opens connections to four workers; each client changes its port once. */
  public static Counts run(Kernel kernel, Path object, int connections) throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    int stayed = 0;
    int handshakes = 0;
    int nonsense = 0;
    try (Workers workers = Workers.open(kernel, object)) {
      for (int slot = 0; slot < 4; slot++) {
        workers.start(slot);
      }
      for (int i = 0; i < connections; i++) {
        byte[] connectionId = new byte[CONNECTION_ID_BYTES];
        random.nextBytes(connectionId);
        try (Client before = new Client(workers.address());
            Client after = new Client(workers.address())) {
          int worker = before.ask(packet(LONG_HEADER, connectionId));
          handshakes += worker == Client.NO_ANSWER ? 0 : 1;
          // The worker that answered the handshake chooses the id.
          connectionId[0] = (byte) worker;
          boolean same =
              before.ask(packet(SHORT_HEADER, connectionId)) == worker
                  && after.ask(packet(SHORT_HEADER, connectionId)) == worker;
          stayed += same ? 1 : 0;
        }
      }
      try (Client client =
          new Client(workers.address(), workers.address().getAddress(), SHORT_PATIENCE_MILLIS)) {
        nonsense += asked(client, (byte) 0, (byte) 0, (byte) 0);
        nonsense += asked(client, SHORT_HEADER, (byte) 63, (byte) 0);
      }
    }
    return new Counts(connections, stayed, handshakes, nonsense);
  }

  private static int asked(Client client, byte... packet) throws IOException {
    return client.ask(packet) == Client.NO_ANSWER ? 0 : 1;
  }

  private static byte[] packet(byte header, byte[] connectionId) {
    byte[] packet = new byte[1 + connectionId.length + 16];
    packet[0] = header;
    System.arraycopy(connectionId, 0, packet, 1, connectionId.length);
    return packet;
  }
}
