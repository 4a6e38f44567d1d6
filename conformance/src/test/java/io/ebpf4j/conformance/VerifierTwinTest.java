package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.Kernel;
import io.ebpf4j.jvm.JvmKernel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The JVM's verifier on the corpus of verdicts, against those of Linux that are recorded. */
class VerifierTwinTest {
  /** Cases of what the JVM kernel does not have: a packet's socket, Linux's own map structure. */
  private static final int NOT_BUILT = 30;

  @Test
  void nothingIsAcceptedThatLinuxRefuses() throws IOException {
    List<String> accepted = new ArrayList<>();
    List<String> different = new ArrayList<>();
    try (Kernel kernel = JvmKernel.builder().cpus(2).verified(true).build()) {
      for (VerdictCorpus.Group group : VerdictCorpus.read()) {
        Map<String, String> recorded = VerdictTwinTest.recorded(group);
        for (VerdictCase of : group.cases()) {
          String linux = recorded.getOrDefault(of.name(), "");
          Verdict verdict = Verdict.of(kernel, of);
          if (!verdict.answer().equals(linux)) {
            different.add("%s: %s: %s, here %s".formatted(group.name(), of.name(), linux, verdict));
            if (verdict.accepts()) {
              accepted.add(different.getLast());
            }
          }
        }
      }
    }
    assertThat(accepted).isEmpty();
    assertThat(different).hasSizeLessThanOrEqualTo(NOT_BUILT);
  }
}
