package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.Kernel;
import io.ebpf4j.junit.BothKernels;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assumptions;

/**
 * Runs what is drawn from random seeds on both kernels and compares the answers, line by line. The
 * system property {@code ebpf4j.random.seconds} says for how long, {@code ebpf4j.random.seed} runs
 * one failing seed again.
 */
final class Alike {
  private static final long SECONDS = Long.getLong("ebpf4j.random.seconds", 3);

  /** What gives the same lines on each kernel for the same seed. */
  interface Case {
    List<String> run(Kernel kernel, long seed);
  }

  private Alike() {}

  /** Compares until the time is over. */
  static void assertFor(String what, Case drawn) {
    Long given = Long.getLong("ebpf4j.random.seed");
    SplittableRandom seeds = new SplittableRandom();
    try (Kernel jvm = BothKernels.jvm();
        Kernel linux = BothKernels.linux().orElse(jvm)) {
      Assumptions.assumeTrue(linux != jvm, "Linux is not available");
      long start = System.nanoTime();
      long lines = 0;
      do {
        long seed = given == null ? seeds.nextLong() : given;
        List<String> judge = drawn.run(linux, seed);
        assertThat(drawn.run(jvm, seed))
            .as("-Debpf4j.random.seed=%d", seed)
            .containsExactlyElementsOf(judge);
        lines += judge.size();
      } while (given == null && System.nanoTime() - start < Duration.ofSeconds(SECONDS).toNanos());
      System.out.printf("%d random %s answered alike%n", lines, what);
    }
  }
}
