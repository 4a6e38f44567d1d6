package io.ebpf4j.conformance;

import net.jqwik.api.ForAll;

/** Random calls of the text and checksum helpers: both kernels give the same answer. */
class RandomHelperTwinTest extends RandomTwins {
  @RandomTwin(share = 10)
  void bothKernelsAnswerAlike(@ForAll(supplier = RandomCase.Drawn.class) RandomCase drawn) {
    assertAlike(drawn, RandomHelperCall::run);
  }
}
