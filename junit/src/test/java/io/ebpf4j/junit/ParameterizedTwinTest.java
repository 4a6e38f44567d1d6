package io.ebpf4j.junit;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A twin test with arguments runs once on each kernel for each of them. */
@EbpfTest("limit.bpf.o")
class ParameterizedTwinTest {
  private static final List<String> RUNS = new ArrayList<>();

  @TwinTest
  @ParameterizedTest
  @CsvSource({"60, 2", "1400, 1"})
  void eachArgumentHasBothKernels(int length, int verdict, Kernel kernel, Program police) {
    assertThat(police.testRun(TestRun.of(new byte[length])).returnValue()).isEqualTo(verdict);
    assertThat(kernel.openHandles()).contains(police);
    RUNS.add(kernel.name() + " " + length);
  }

  @TwinTest
  @RepeatedTest(2)
  void eachRepetitionBeginsWithMapsOfItsOwn(Program police, BpfMap verdicts) {
    byte[] pass = {2, 0, 0, 0};
    assertThat(verdicts.lookup(pass)).containsOnly(0);
    police.testRun(TestRun.of(new byte[60]));
    assertThat(verdicts.lookup(pass)).startsWith(1);
  }

  @AfterAll
  static void bothKernelsHadEachArgument() {
    List<String> expected =
        BothKernels.linux()
            .map(linux -> {
              linux.close();
              return List.of("jvm 60", "linux 60", "jvm 1400", "linux 1400");
            })
            .orElse(List.of("jvm 60", "jvm 1400"));
    assertThat(RUNS).isEqualTo(expected);
  }
}
