package io.ebpf4j.conformance;

import org.junit.jupiter.api.Test;

/** Random test runs, right and wrong ones: both kernels give every answer alike. */
class RandomTestRunTwinTest {
  @Test
  void bothKernelsAnswerAlike() {
    Alike.assertFor("test runs", RandomTestRun::run);
  }
}
