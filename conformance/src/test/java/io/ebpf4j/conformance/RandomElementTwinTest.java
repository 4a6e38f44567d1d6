package io.ebpf4j.conformance;

import net.jqwik.api.ForAll;

/**
 * Random operations on random hashes, tries, queues, stacks and Bloom filters: both kernels give
 * every answer alike.
 */
class RandomElementTwinTest extends RandomTwins {
  @RandomTwin(share = 15)
  void bothKernelsAnswerAlike(@ForAll(supplier = RandomCase.Drawn.class) RandomCase drawn) {
    assertAlike(drawn, RandomElementOperations::run);
  }
}
