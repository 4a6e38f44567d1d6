package io.ebpf4j.conformance;

import org.junit.jupiter.api.Test;

/** Random calls of the text and checksum helpers: both kernels give the same answer. */
class RandomHelperTwinTest {
  @Test
  void bothKernelsAnswerAlike() {
    Alike.assertFor("helper calls", RandomHelperCall::run);
  }
}
