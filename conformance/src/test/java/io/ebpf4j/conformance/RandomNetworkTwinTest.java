package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.conformance.TwinNetwork.Maker;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Device maps, traffic and devices that come and go, drawn at random, on both kernels. */
class RandomNetworkTwinTest {
  private static final int RUNS = Integer.getInteger("ebpf4j.random.networks", 12);
  private static final long FIRST = Long.getLong("ebpf4j.random.network", 1);
  private static final int STEPS = 60;

  @Test
  void bothKernelsGiveTheSame() throws Exception {
    List<Maker> makers = TwinNetwork.makers().toList();
    Assumptions.assumeTrue(makers.size() == 2, "Linux is not available");
    int frames = 0;
    for (long seed = FIRST; seed < FIRST + RUNS; seed++) {
      List<String> jvm;
      List<Integer> counts;
      try (TwinNetwork network = makers.get(0).make(RandomNetwork.pairs())) {
        RandomNetwork run = new RandomNetwork(network, seed, null);
        jvm = run.run(STEPS);
        counts = run.counts();
        frames += counts.stream().mapToInt(Integer::intValue).sum();
      }
      try (TwinNetwork network = makers.get(1).make(RandomNetwork.pairs())) {
        List<String> linux = new RandomNetwork(network, seed, counts).run(STEPS);
        assertThat(jvm).as("-Debpf4j.random.network=%d", seed).isEqualTo(linux);
      }
    }
    assertThat(frames).as("frames that came out").isGreaterThan(5 * RUNS);
  }
}
