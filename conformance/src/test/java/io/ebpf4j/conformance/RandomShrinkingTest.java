package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.Kernel;
import io.ebpf4j.junit.BothKernels;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.EngineFilter;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** What a random twin tells of a difference. */
class RandomShrinkingTest {
  @Test
  void aDifferenceIsShrunkToTheGuiltyStep() {
    try (Kernel linux = BothKernels.linux().orElse(null)) {
      Assumptions.assumeTrue(linux != null, "Linux is not available");
    }
    SummaryGeneratingListener summary = new SummaryGeneratingListener();
    LauncherFactory.create()
        .execute(
            LauncherDiscoveryRequestBuilder.request()
                .selectors(DiscoverySelectors.selectClass(DifferingCases.class))
                .filters(EngineFilter.includeEngines("jqwik"))
                .build(),
            summary);
    Throwable failure = summary.getSummary().getFailures().getFirst().getException();
    String given =
        String.valueOf(failure.getMessage())
            .replaceAll("(?s).*-Debpf4j.random.case=([0-9a-f,]+).*", "$1");
    List<String> seeds = List.of(given.split(",", -1));
    assertThat(seeds).hasSize(2);
    assertThat(Long.parseUnsignedLong(seeds.getLast(), 16) % DifferingCases.GUILTY).isZero();
  }
}
