package io.ebpf4j.conformance;

import net.jqwik.api.ForAll;

/** Random operations on random maps of the array family: both kernels give every answer alike. */
class RandomMapTwinTest extends RandomTwins {
  @RandomTwin(share = 20)
  void bothKernelsAnswerAlike(@ForAll(supplier = RandomCase.Drawn.class) RandomCase drawn) {
    assertAlike(drawn, RandomMapOperations::run);
  }
}
