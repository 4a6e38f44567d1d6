package io.ebpf4j.conformance;

import net.jqwik.api.ForAll;

/** Random test runs, right and wrong ones: both kernels give every answer alike. */
class RandomTestRunTwinTest extends RandomTwins {
  @RandomTwin(share = 15)
  void bothKernelsAnswerAlike(@ForAll(supplier = RandomCase.Drawn.class) RandomCase drawn) {
    assertAlike(drawn, RandomTestRun::run);
  }
}
