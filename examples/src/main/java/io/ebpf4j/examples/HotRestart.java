package io.ebpf4j.examples;

import io.ebpf4j.Kernel;
import io.ebpf4j.jvm.JvmKernel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Hot restart: a new worker starts beside the old one under load. New flows go to it, old flows
 * stay until they end; then the old worker stops. Nothing is lost.
 */
public final class HotRestart {
  private static final int OLD = 0;
  private static final int NEW = 1;

  private HotRestart() {}

  /**
   * What was counted.
   *
   * @param asked questions of all clients
   * @param answered answers to them
   * @param oldFlowsMoved answers to an old flow by the new worker while the old one ran
   * @param newFlowsAtOld answers to a new flow by the old worker
   */
  public record Counts(int asked, int answered, int oldFlowsMoved, int newFlowsAtOld) {}

  /** Prints the counts. */
  public static void main(String[] arguments) throws Exception {
    Path object = Path.of(arguments.length > 0 ? arguments[0] : "examples/reuseport/restart.bpf.o");
    try (Kernel kernel = JvmKernel.create()) {
      System.out.println(run(kernel, object, 4, 200));
    }
  }

  /** Restarts under the load of some clients, each of which asks so many questions in a row. */
  public static Counts run(Kernel kernel, Path object, int clients, int questions)
      throws IOException, InterruptedException {
    AtomicInteger answered = new AtomicInteger();
    AtomicInteger oldFlowsMoved = new AtomicInteger();
    AtomicInteger newFlowsAtOld = new AtomicInteger();
    try (Workers workers = Workers.open(kernel, object)) {
      workers.start(OLD);
      List<Client> old = new ArrayList<>();
      List<Thread> load = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        Client client = new Client(workers.address());
        client.ask((byte) 0);
        answered.incrementAndGet();
        old.add(client);
      }
      for (Client client : old) {
        load.add(load(client, questions, NEW, answered, oldFlowsMoved));
      }
      workers.start(NEW);
      workers.set("current", NEW);
      for (int i = 0; i < clients; i++) {
        load.add(load(new Client(workers.address()), questions, OLD, answered, newFlowsAtOld));
      }
      for (Thread thread : load) {
        thread.join();
      }
      workers.stop(OLD);
      try (Client last = new Client(workers.address())) {
        if (last.ask((byte) 2) == NEW) {
          answered.incrementAndGet();
        }
      }
    }
    return new Counts(
        clients + 2 * clients * questions + 1,
        answered.get(),
        oldFlowsMoved.get(),
        newFlowsAtOld.get());
  }

  private static Thread load(
      Client client, int questions, int wrong, AtomicInteger answered, AtomicInteger wrongly) {
    return Thread.ofPlatform()
        .start(() -> {
          try (client) {
            for (int i = 0; i < questions; i++) {
              int worker = client.ask((byte) 1);
              if (worker != Client.NO_ANSWER) {
                answered.incrementAndGet();
              }
              if (worker == wrong) {
                wrongly.incrementAndGet();
              }
            }
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }
}
