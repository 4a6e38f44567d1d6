package io.ebpf4j.jvm.net;

import static io.ebpf4j.jvm.net.PacketKernel.packet;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.PerfReader;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.handle.FdTable;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.map.MapTypes;
import io.ebpf4j.jvm.map.PerfEventReader;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramType;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** bpf_perf_event_output with packet bytes, as Linux 6.18 answers. */
class PacketSampleHelpersTest {
  private static final long CURRENT_CPU = 0xffff_ffffL;

  private final PacketKernel kernel = new PacketKernel();
  private final MapTable maps = MapTable.install(kernel.machine);
  private final JvmMap events = create();

  private JvmMap create() {
    kernel.machine.slots().set(FdTable.SLOT, new FdTable());
    MapSpec spec = MapSpec.of("events", MapType.PERF_EVENT_ARRAY, 4, 4, 4);
    return MapTypes.create(kernel.machine, spec, 1, null);
  }

  @BeforeEach
  void putDataIn() {
    Memory.putInt(kernel.scratch.address(), 0x01020304);
  }

  @AfterEach
  void close() {
    kernel.close();
    maps.close();
  }

  @ParameterizedTest
  @CsvSource({
    "XDP, 64, 0",
    "XDP, 65, 1",
    "SCHED_CLS, 64, 0",
    "SCHED_CLS, 65, 1",
    "SOCKET_FILTER, 50, 0",
    "SOCKET_FILTER, 51, 1"
  })
  void asMuchAsThePacketHasMayBeAskedFor(ProgramType type, long bytes, int tooLong) {
    assertThat(put(type, 64, CURRENT_CPU | bytes << 32)).isEqualTo(tooLong == 0 ? -2 : -14);
  }

  @Test
  void otherFlagsAreInvalidAndTheLengthIsLookedAtBeforeTheElement() {
    assertThat(put(ProgramType.XDP, 64, CURRENT_CPU | 1L << 52)).isEqualTo(-22);
    assertThat(put(ProgramType.XDP, 64, CURRENT_CPU | 1L << 63)).isEqualTo(-22);
    assertThat(put(ProgramType.XDP, 64, 5)).isEqualTo(-7);
    assertThat(put(ProgramType.XDP, 64, 5 | 65L << 32)).isEqualTo(-14);
  }

  @ParameterizedTest
  @CsvSource({"XDP, 4000, 3900, 0", "SCHED_CLS, 64, 20, 0", "SOCKET_FILTER, 64, 20, 14"})
  void thePacketFollowsTheDataAcrossFrags(ProgramType type, int length, int bytes, int start) {
    try (PerfReader reader = PerfEventReader.open(kernel.machine, events, 1 << 14)) {
      assertThat(put(type, length, CURRENT_CPU | (long) bytes << 32)).isZero();
      byte[] sample = reader.read(Duration.ZERO).orElseThrow().data();
      assertThat(Arrays.copyOf(sample, 4)).isEqualTo(new byte[] {4, 3, 2, 1});
      assertThat(Arrays.copyOfRange(sample, 4, 4 + bytes))
          .isEqualTo(Arrays.copyOfRange(packet(length), start, start + bytes));
    }
  }

  private long put(ProgramType type, int length, long flags) {
    long[] answer = new long[1];
    long data = kernel.scratch.address();
    kernel.run(
        type,
        TestRun.of(packet(length)),
        (cpu, context) -> {
          answer[0] =
              type == ProgramType.XDP
                  ? PacketSampleHelpers.ofFrame(cpu, context, events.address(), flags, data, 4)
                  : PacketSampleHelpers.ofSkb(cpu, context, events.address(), flags, data, 4);
          return 0;
        });
    return answer[0];
  }
}
