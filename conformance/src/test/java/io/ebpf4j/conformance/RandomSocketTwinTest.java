package io.ebpf4j.conformance;

import net.jqwik.api.ForAll;

/** Random sockets, groups and arrays of sockets: both kernels give every answer alike. */
class RandomSocketTwinTest extends RandomTwins {
  @RandomTwin(share = 10)
  void bothKernelsAnswerAlike(@ForAll(supplier = RandomCase.Drawn.class) RandomCase drawn) {
    assertAlike(drawn, RandomSocketOperations::run);
  }
}
