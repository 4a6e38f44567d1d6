package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.isa.Disassembler;
import io.ebpf4j.isa.InstructionNames;
import io.ebpf4j.junit.BothKernels;
import io.ebpf4j.spec.ProgramSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.junit.jupiter.api.Assumptions;

/** Random programs leave the same R0 and the same memory on both kernels. */
class RandomProgramTwinTest {
  private static Kernel jvm = BothKernels.jvm();
  private static Kernel linux = jvm;

  @BeforeContainer
  static void open() {
    linux = BothKernels.linux().orElse(jvm);
  }

  @AfterContainer
  static void close() {
    jvm.close();
    linux.close();
  }

  @Property(tries = 1500)
  void bothKernelsComputeTheSame(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 80) int length) {
    Assumptions.assumeTrue(linux != jvm, "Linux is not available");
    ProgramSpec program = RandomProgram.of(new SplittableRandom(seed), length);
    byte[] state = new byte[RandomProgram.STATE.valueSize()];
    new SplittableRandom(seed).nextBytes(state);
    assertThat(outcome(jvm, program, state))
        .as(() ->
            String.join(
                "\n", new Disassembler(InstructionNames.NONE).lines(program.instructions())))
        .isEqualTo(outcome(linux, program, state));
  }

  private record Outcome(int r0, String state) {}

  private static Outcome outcome(Kernel kernel, ProgramSpec spec, byte[] state) {
    try (BpfMap map = kernel.createMap(RandomProgram.STATE)) {
      map.update(Elements.u32(0), MemorySegment.ofArray(state), 0);
      try (Program program = kernel.loadProgram(spec, Map.of(RandomProgram.MAP, map))) {
        int r0 = program.testRun(TestRun.of(new byte[64])).returnValue();
        MemorySegment after = Elements.room(state.length);
        map.lookup(Elements.u32(0), after, 0);
        return new Outcome(r0, words(after));
      }
    }
  }

  private static String words(MemorySegment state) {
    StringBuilder words = new StringBuilder();
    for (long word : state.toArray(ValueLayout.JAVA_LONG_UNALIGNED)) {
      words.append("%016x ".formatted(word));
    }
    return words.toString();
  }
}
