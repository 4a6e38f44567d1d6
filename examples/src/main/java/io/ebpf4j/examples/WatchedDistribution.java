package io.ebpf4j.examples;

import io.ebpf4j.Kernel;
import io.ebpf4j.jvm.JvmKernel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Watching the distribution: the program counts what it gives to each worker, readable live. */
public final class WatchedDistribution {
  private static final int WORKERS = 4;

  private WatchedDistribution() {}

  /**
   * What was seen.
   *
   * @param halfway what the program had given to each worker after half of the questions
   * @param given the same at the end
   * @param received what each worker got
   */
  public record Shares(List<Long> halfway, List<Long> given, List<Long> received) {}

  /** Prints the shares. */
  public static void main(String[] arguments) throws IOException {
    Path object = Path.of(arguments.length > 0 ? arguments[0] : "examples/reuseport/watch.bpf.o");
    try (Kernel kernel = JvmKernel.create()) {
      System.out.println(run(kernel, object, 400));
    }
  }

  /** Asks so often, and reads the program's counts meanwhile. */
  public static Shares run(Kernel kernel, Path object, int questions) throws IOException {
    try (Workers workers = Workers.open(kernel, object)) {
      for (int slot = 0; slot < WORKERS; slot++) {
        workers.start(slot);
      }
      List<Long> halfway = List.of();
      try (Client client = new Client(workers.address())) {
        for (int i = 0; i < questions; i++) {
          if (i == questions / 2) {
            halfway = given(workers);
          }
          client.ask((byte) i);
        }
      }
      List<Long> received = new ArrayList<>();
      for (int slot = 0; slot < WORKERS; slot++) {
        received.add(workers.received(slot));
      }
      return new Shares(halfway, given(workers), received);
    }
  }

  private static List<Long> given(Workers workers) {
    List<Long> given = new ArrayList<>();
    for (int slot = 0; slot < WORKERS; slot++) {
      byte[] value = workers.map("given").lookup(Workers.u32(slot));
      given.add(
          ByteBuffer.wrap(Objects.requireNonNull(value, "every element of an array exists"))
              .order(ByteOrder.LITTLE_ENDIAN)
              .getLong());
    }
    return given;
  }
}
