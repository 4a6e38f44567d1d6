package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.Kernel;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * Random operations on random maps of the array family: both kernels give every answer alike. The
 * system property {@code ebpf4j.random.seconds} says for how long, {@code ebpf4j.random.seed} runs
 * one failing seed again.
 */
class RandomMapTwinTest {
  private static final long SECONDS = Long.getLong("ebpf4j.random.seconds", 3);

  @Test
  void bothKernelsAnswerAlike() {
    Long given = Long.getLong("ebpf4j.random.seed");
    SplittableRandom seeds = new SplittableRandom();
    try (Kernel jvm = BothKernels.jvm();
        Kernel linux = BothKernels.linux().orElse(jvm)) {
      Assumptions.assumeTrue(linux != jvm, "Linux is not available");
      long start = System.nanoTime();
      int cases = 0;
      do {
        long seed = given == null ? seeds.nextLong() : given;
        assertThat(RandomMapOperations.run(jvm, seed))
            .as("-Debpf4j.random.seed=%d", seed)
            .isEqualTo(RandomMapOperations.run(linux, seed));
        cases++;
      } while (given == null && System.nanoTime() - start < Duration.ofSeconds(SECONDS).toNanos());
      System.out.printf("%d random maps answered alike%n", cases);
    }
  }
}
