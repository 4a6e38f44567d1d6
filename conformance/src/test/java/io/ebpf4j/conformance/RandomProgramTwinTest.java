package io.ebpf4j.conformance;

import net.jqwik.api.ForAll;

/** Random programs leave the same R0, packet and memory on both kernels. */
class RandomProgramTwinTest extends RandomTwins {
  @RandomTwin(share = 30)
  void bothKernelsAnswerAlike(@ForAll(supplier = RandomCase.Drawn.class) RandomCase drawn) {
    assertAlike(drawn, RandomProgramRun::run);
  }
}
