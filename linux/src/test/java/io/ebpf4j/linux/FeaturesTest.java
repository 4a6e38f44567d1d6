package io.ebpf4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FeaturesTest {
  private static final int MAP_LOOKUP_ELEM = 1;
  private static final int REDIRECT_MAP = 51;
  private static final int SKB_LOAD_BYTES = 26;

  private LinuxKernel kernel;

  @BeforeEach
  void onlyWhereBpfIsAllowed() {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux") && Privileges.mayUseBpf(),
        "bpf(2) is not allowed here");
    kernel = LinuxKernel.open();
  }

  @AfterEach
  void nothingIsLeftOpen() {
    assertThat(kernel.openHandles()).isEmpty();
    kernel.close();
  }

  @Test
  void everyMapTypeThatIsProbedIsThere() {
    for (MapType type : MapType.values()) {
      boolean probed = type != MapType.UNSPEC && type != MapType.STRUCT_OPS;
      assertThat(kernel.features().map(type).available()).as(type.name()).isEqualTo(probed);
    }
  }

  @Test
  void theTypesThatTheJvmKernelRunsAreThere() {
    for (ProgramType type :
        List.of(
            ProgramType.XDP,
            ProgramType.SCHED_CLS,
            ProgramType.SOCKET_FILTER,
            ProgramType.RAW_TRACEPOINT,
            ProgramType.SYSCALL,
            ProgramType.TRACING)) {
      assertThat(kernel.features().program(type)).as(type.name()).isEqualTo(Feature.yes());
    }
  }

  @Test
  void aHelperIsForSomeProgramTypes() {
    Features features = kernel.features();
    assertThat(features.helper(ProgramType.XDP, MAP_LOOKUP_ELEM).available()).isTrue();
    assertThat(features.helper(ProgramType.XDP, REDIRECT_MAP).available()).isTrue();
    assertThat(features.helper(ProgramType.XDP, SKB_LOAD_BYTES).available()).isFalse();
    assertThat(features.helper(ProgramType.SCHED_CLS, SKB_LOAD_BYTES).available()).isTrue();
    Feature unknown = features.helper(ProgramType.XDP, 100_000);
    assertThat(unknown.available()).isFalse();
    assertThat(unknown.reason()).contains("100000");
  }

  @Test
  void tracepointsAndIteratorsNeedNoTrampoline() {
    assertThat(kernel.features().attach(AttachType.TRACE_RAW_TP)).isEqualTo(Feature.yes());
    assertThat(kernel.features().attach(AttachType.TRACE_ITER)).isEqualTo(Feature.yes());
    assertThatThrownBy(() -> kernel.features().attach(AttachType.XDP))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anAnswerIsKept() {
    Feature first = kernel.features().program(ProgramType.EXT);
    assertThat(kernel.features().program(ProgramType.EXT)).isSameAs(first);
  }
}
