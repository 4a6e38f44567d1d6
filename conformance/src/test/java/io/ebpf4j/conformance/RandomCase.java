package io.ebpf4j.conformance;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ArbitrarySupplier;
import org.jspecify.annotations.Nullable;

/**
 * What a random test is drawn from: a seed for what there is at first and one for each step. A step
 * does not depend on those before it, so that jqwik shrinks a failing case by leaving steps out.
 */
record RandomCase(long first, List<Long> steps) {
  private static final int STEPS = 60;
  private static final @Nullable String GIVEN = System.getProperty("ebpf4j.random.case");

  /** Whether the system property {@code ebpf4j.random.case} names the only case to run. */
  static boolean isGiven() {
    return GIVEN != null;
  }

  private static RandomCase parse(String text) {
    List<Long> seeds =
        Arrays.stream(text.split(",", -1)).map(seed -> Long.parseUnsignedLong(seed, 16)).toList();
    return new RandomCase(seeds.getFirst(), seeds.subList(1, seeds.size()));
  }

  /** As {@code ebpf4j.random.case} takes it. */
  @Override
  public String toString() {
    return Long.toHexString(first)
        + steps.stream().map(seed -> "," + Long.toHexString(seed)).collect(Collectors.joining());
  }

  /** All cases, or the given one. */
  static final class Drawn implements ArbitrarySupplier<RandomCase> {
    @Override
    public Arbitrary<RandomCase> get() {
      if (GIVEN != null) {
        return Arbitraries.just(parse(GIVEN));
      }
      // Another seed is no simpler: seeds are not shrunk.
      Arbitrary<Long> seeds = Arbitraries.randomValue(random -> random.nextLong());
      return seeds.flatMap(first ->
          seeds.list().ofMinSize(1).ofMaxSize(STEPS).map(steps -> new RandomCase(first, steps)));
    }
  }
}
