package io.ebpf4j.conformance;

import net.jqwik.api.ForAll;

/** One step in eight gets another answer from each kernel; run by its test alone. */
class DifferingCases extends RandomTwins {
  static final int GUILTY = 8;

  @RandomTwin(share = 100)
  void bothKernelsAnswerAlike(@ForAll(supplier = RandomCase.Drawn.class) RandomCase drawn) {
    assertAlike(
        drawn,
        (kernel, of) ->
            of.steps().stream()
                .map(seed -> seed % GUILTY == 0 ? seed + kernel.name() : "alike")
                .toList());
  }
}
