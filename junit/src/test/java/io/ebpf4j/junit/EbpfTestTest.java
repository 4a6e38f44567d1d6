package io.ebpf4j.junit;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.TypedMap;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.jvm.cpu.ManualClock;
import io.ebpf4j.object.ObjectFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a test with an object is given. */
@EbpfTest("limit.bpf.o")
class EbpfTestTest {
  private static final int DROP = 1;
  private static final int PASS = 2;

  record Traffic(long packets, long bytes) {}

  record Last(long nanos, int drawn, long length) {}

  private static int run(Program program, int length) {
    return program.testRun(TestRun.of(new byte[length])).returnValue();
  }

  @Test
  void programsAndMapsComeByTheNameOfTheirParameter(
      Program police, BpfMap verdicts, BpfObject object, Kernel kernel) {
    assertThat(police).isSameAs(object.program("police"));
    assertThat(verdicts).isSameAs(object.map("verdicts"));
    assertThat(kernel.name()).isEqualTo("jvm");
  }

  @Test
  void otherNamesAreGivenByNamed(@Named("police") Program program, @Named(".rodata") BpfMap map) {
    assertThat(program.name()).isEqualTo("police");
    assertThat(map.spec().maxEntries()).isEqualTo(1);
  }

  @Test
  void typedMapsHoldNumbersAndRecords(
      Program police,
      TypedMap<Integer, Long> verdicts,
      TypedMap<Integer, Last> last,
      TypedMap<Integer, List<Traffic>> seen) {
    run(police, 60);
    assertThat(verdicts.get(PASS)).contains(1L);
    assertThat(last.get(0).orElseThrow().length()).isEqualTo(60);
    assertThat(seen.get(0).orElseThrow()).contains(new Traffic(1, 60));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void eachTestHasAFreshObject(int run, Program police, TypedMap<Integer, Long> verdicts) {
    assertThat(verdicts.get(PASS)).contains(0L);
    run(police, 60 + run);
  }

  @Test
  void theObjectMayBeChangedBeforeTheTestLoadsIt(ObjectFile file, Kernel kernel) {
    file.set("limit", 20);
    try (BpfObject object = kernel.load(file)) {
      assertThat(run(object.program("police"), 21)).isEqualTo(DROP);
    }
  }

  @Test
  @CpuCount(3)
  void theCpusAreCounted(Kernel kernel, TypedMap<Integer, List<Traffic>> seen) {
    assertThat(kernel.possibleCpus()).isEqualTo(3);
    assertThat(seen.get(0).orElseThrow()).hasSize(3);
  }

  @Test
  void theClockStandsUntilItIsAdvanced(
      Program police, TypedMap<Integer, Last> last, ManualClock clock) {
    clock.advance(70);
    run(police, 60);
    assertThat(last.get(0).orElseThrow().nanos()).isEqualTo(70);
  }

  @Test
  @FixedClock(5)
  void theClockStartsWhereItIsTold(Program police, TypedMap<Integer, Last> last) {
    run(police, 60);
    assertThat(last.get(0).orElseThrow().nanos()).isEqualTo(5);
  }

  @Test
  @Seed(42)
  void theSeedDecidesWhatIsDrawn(
      JvmKernel kernel, ObjectFile file, Program police, TypedMap<Integer, Last> last) {
    assertThat(kernel.name()).isEqualTo("jvm");
    run(police, 60);
    int drawn = last.get(0).orElseThrow().drawn();
    assertThat(drawn).isEqualTo(drawnWith(42, file)).isNotEqualTo(drawnWith(43, file));
  }

  private static int drawnWith(long seed, ObjectFile file) {
    try (Kernel kernel = JvmKernel.builder().seed(seed).build();
        BpfObject object = kernel.load(file)) {
      run(object.program("police"), 60);
      byte[] value = Objects.requireNonNull(object.map("last").lookup(new byte[4]));
      return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN).getInt(8);
    }
  }

  @EbpfTest
  void theAnnotationOnAMethodMakesATest(Program police) {
    assertThat(run(police, 101)).isEqualTo(DROP);
  }

  @EbpfTest("/io/ebpf4j/junit/limit.bpf.o")
  void aResourceMayBeNamedFromTheRoot(BpfObject object) {
    assertThat(object.name()).isEqualTo("limit.bpf.o");
  }

  @EbpfTest("src/test/resources/io/ebpf4j/junit/limit.bpf.o")
  void aFileMayBeNamed(BpfObject object) {
    assertThat(object.programs()).containsOnlyKeys("police");
  }

  @TwinTest
  void aTwinTestHasTheObjectOnBothKernels(
      Kernel kernel, Program police, TypedMap<Integer, Long> verdicts) {
    assertThat(run(police, 100)).as(kernel.name()).isEqualTo(PASS);
    assertThat(run(police, 101)).isEqualTo(DROP);
    assertThat(verdicts.get(DROP)).contains(1L);
  }

  /** What is done before each test. */
  @Nested
  class WithALowerLimit {
    @BeforeEach
    void lowerTheLimit(ObjectFile file) {
      file.set("limit", 60);
    }

    @Test
    void theObjectIsLoadedAsItWasChanged(Program police) {
      assertThat(run(police, 61)).isEqualTo(DROP);
    }

    @TwinTest
    void onBothKernels(Program police) {
      assertThat(run(police, 61)).isEqualTo(DROP);
    }
  }
}
