package io.ebpf4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.examples.Connections.Account;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class StorageExamplesTest {
  private static final Path OBJECTS =
      Path.of(System.getProperty("ebpf4j.root")).resolve("examples/storage");

  @Test
  void eachConnectionHasAnAccountOfItsOwn() throws IOException {
    // A segment of 100 bytes has 20 of IPv4 and 20 of TCP in front.
    assertThat(Connections.serve(OBJECTS.resolve("connections.bpf.o"), List.of(1, 3)))
        .containsExactly(new Account(1, 140, 1, 140), new Account(3, 420, 3, 420));
  }

  @Test
  void everyRequestIsInTheHistogram() throws Exception {
    try (Latency latency = new Latency(OBJECTS.resolve("latency.bpf.o"))) {
      Runnable work =
          () -> {
            for (int i = 0; i < 100; i++) {
              latency.serve(i, () -> {});
            }
          };
      Thread virtual = Thread.ofVirtual().start(work);
      Thread platform = Thread.ofPlatform().start(work);
      virtual.join();
      platform.join();
      assertThat(latency.histogram().values().stream().mapToLong(n -> n).sum()).isEqualTo(200);
      latency.detach();
      work.run();
      assertThat(latency.histogram().values().stream().mapToLong(n -> n).sum()).isEqualTo(200);
    }
  }

  @Test
  void aHoarderIsStoppedAndHarmsNobody() throws IOException {
    Tenants.Outcome outcome = Tenants.run(OBJECTS.resolve("tenants.bpf.o"), 100);
    // One hoard fits into 8,192 bytes; it is found again at each event.
    assertThat(outcome).isEqualTo(new Tenants.Outcome(100, 100, 100, 300));
  }
}
