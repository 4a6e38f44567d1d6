package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.object.ObjectFile;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What a compiled program does while it runs: timers, inner maps, functions' budgets. */
class RuntimeTwinTest {
  private static final long PATIENCE_NANOS = 5_000_000_000L;

  /** What {@code spend_global} and {@code spend_static} add up to over 20 calls. */
  private static final int SPENT = 20 * (50 * 49 / 2) + 20 * 19 / 2;

  @TwinTest
  void aTimersCallbackStartsItAgainAndSeesItsElement(Kernel kernel) throws Exception {
    try (BpfObject object = load(kernel)) {
      assertThat(run(object, "set_alarm", 0, 0)).isZero();
      MemorySegment alarm = Elements.room(32);
      long start = System.nanoTime();
      while (alarm.get(ValueLayout.JAVA_LONG_UNALIGNED, 0) < 3
          && System.nanoTime() - start < PATIENCE_NANOS) {
        Thread.sleep(2);
        object.map("alarms").lookup(Elements.u32(1), alarm, 0);
      }
      assertThat(alarm.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isEqualTo(3);
      assertThat(alarm.get(ValueLayout.JAVA_INT_UNALIGNED, 24)).isEqualTo(1);
      assertThat(run(object, "set_alarm", 0, 0)).isEqualTo(2);
    }
  }

  @TwinTest
  void aTimerKeepsItsProgram(Kernel kernel) throws Exception {
    try (BpfObject object = load(kernel)) {
      assertThat(run(object, "set_alarm", 0, 0)).isZero();
      object.programs().values().forEach(Program::close);
      MemorySegment alarm = Elements.room(32);
      long start = System.nanoTime();
      while (alarm.get(ValueLayout.JAVA_LONG_UNALIGNED, 0) < 3
          && System.nanoTime() - start < PATIENCE_NANOS) {
        Thread.sleep(2);
        object.map("alarms").lookup(Elements.u32(1), alarm, 0);
      }
      assertThat(alarm.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isEqualTo(3);
    }
  }

  @TwinTest
  void aProgramCountsInInnerMaps(Kernel kernel) throws IOException {
    try (BpfObject object = load(kernel)) {
      assertThat(run(object, "count_group", 0, 1)).isEqualTo(1);
      assertThat(run(object, "count_group", 2, 3)).isEqualTo(3);
      assertThat(run(object, "count_group", 2, 3)).isEqualTo(6);
      assertThat(run(object, "count_group", 1, 0)).isEqualTo(-1);
      assertThat(run(object, "count_group", 7, 0)).isEqualTo(-1);
      assertThat(run(object, "count_group", 0, 9)).isEqualTo(-2);
      assertThat(Elements.value(object.map("first"), 1)).isEqualTo(1);
      assertThat(Elements.value(object.map("second"), 3)).isEqualTo(6);
    }
  }

  @TwinTest
  void anInnerMapIsReplacedBetweenRuns(Kernel kernel) throws IOException {
    try (BpfObject object = load(kernel)) {
      assertThat(run(object, "count_group", 2, 0)).isEqualTo(3);
      BpfMap other = kernel.createMap(object.map("second").spec());
      object.map("groups").update(Elements.u32(2), Elements.u32(other.fd()), 0);
      other.close();
      assertThat(run(object, "count_group", 2, 0)).isEqualTo(3);
      assertThat(object.map("groups").delete(Elements.u32(2))).isTrue();
      assertThat(run(object, "count_group", 2, 0)).isEqualTo(-1);
      assertThat(Elements.value(object.map("second"), 0)).isEqualTo(3);
    }
  }

  @TwinTest
  void globalAndStaticFunctionsComputeTheSame(Kernel kernel) throws IOException {
    try (BpfObject object = load(kernel)) {
      assertThat(run(object, "spends_globally", 0, 0)).isEqualTo(SPENT);
      assertThat(run(object, "spends_statically", 0, 0)).isEqualTo(SPENT);
    }
  }

  @Test
  void onlyAGlobalFunctionHasABudgetOfItsOwn() throws IOException {
    try (JvmKernel kernel = JvmKernel.builder().verified(false).instructionBudget(1_000).build();
        BpfObject object = load(kernel)) {
      assertThat(run(object, "spends_globally", 0, 0)).isEqualTo(SPENT);
      assertThatThrownBy(() -> run(object, "spends_statically", 0, 0))
          .hasMessageContaining("stopped after 1000 instructions");
    }
  }

  private static int run(BpfObject object, String program, int first, int second) {
    byte[] packet = new byte[64];
    packet[14] = (byte) first;
    packet[15] = (byte) second;
    return object.program(program).testRun(TestRun.of(packet)).returnValue();
  }

  private static BpfObject load(Kernel kernel) throws IOException {
    try (InputStream in = RuntimeTwinTest.class.getResourceAsStream("/runtime.bpf.o")) {
      return kernel.load(
          ObjectFile.parse("runtime.bpf.o", Objects.requireNonNull(in).readAllBytes()));
    }
  }
}
