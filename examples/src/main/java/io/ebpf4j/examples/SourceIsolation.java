package io.ebpf4j.examples;

import io.ebpf4j.Kernel;
import io.ebpf4j.jvm.JvmKernel;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Isolation by source: each worker serves the addresses that are its own, and no others. */
public final class SourceIsolation {
  private static final int PATIENCE_MILLIS = 500;

  private SourceIsolation() {}

  /** Prints which worker answered 127.0.0.1, 127.0.0.2, …, -1 for none. */
  public static void main(String[] arguments) throws IOException {
    Path object =
        Path.of(arguments.length > 0 ? arguments[0] : "examples/reuseport/isolation.bpf.o");
    try (Kernel kernel = JvmKernel.create()) {
      System.out.println(run(kernel, object));
    }
  }

  /**
   * Gives 127.0.0.2 and 127.0.0.4 to worker 0, 127.0.0.3 to worker 1, and asks from 127.0.0.1 to
   * 127.0.0.5. Needs a host on which all of 127.0.0.0/8 is the loopback device's, as on Linux.
   *
   * @return which worker answered each, or -1
   */
  public static List<Integer> run(Kernel kernel, Path object) throws IOException {
    List<Integer> answers = new ArrayList<>();
    try (Workers workers = Workers.open(kernel, object)) {
      workers.start(0);
      workers.start(1);
      workers.map("tenants").update(loopback(2).getAddress(), Workers.u32(0));
      workers.map("tenants").update(loopback(3).getAddress(), Workers.u32(1));
      workers.map("tenants").update(loopback(4).getAddress(), Workers.u32(0));
      for (int last = 1; last <= 5; last++) {
        try (Client client = new Client(workers.address(), loopback(last), PATIENCE_MILLIS)) {
          answers.add(client.ask((byte) 1));
        }
      }
    }
    return answers;
  }

  private static InetAddress loopback(int last) throws IOException {
    return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last});
  }
}
