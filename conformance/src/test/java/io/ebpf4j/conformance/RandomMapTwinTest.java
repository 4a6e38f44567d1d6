package io.ebpf4j.conformance;

import org.junit.jupiter.api.Test;

/** Random operations on random maps of the array family: both kernels give every answer alike. */
class RandomMapTwinTest {
  @Test
  void bothKernelsAnswerAlike() {
    Alike.assertFor("map operations", RandomMapOperations::run);
  }
}
