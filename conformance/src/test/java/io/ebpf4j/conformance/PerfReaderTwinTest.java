package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.PerfReader;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.junit.LeaksAllowed;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** What programs put out by bpf_perf_event_output, and how a reader gets it. */
@LeaksAllowed
class PerfReaderTwinTest {
  private static final long CURRENT_CPU = 0xffff_ffffL;
  private static final int RING_BYTES = 4096;
  private static final Duration LONG = Duration.ofSeconds(5);

  /** BPF_F_TEST_RUN_ON_CPU. */
  private static final int ON_CPU = 1;

  @TwinTest
  void everyTypeWithTheHelperPutsOut(Kernel kernel) {
    BpfMap map = kernel.createMap(events(kernel, 0));
    try (PerfReader reader = kernel.perfReader(map, RING_BYTES)) {
      for (ProgramType type :
          List.of(
              ProgramType.XDP,
              ProgramType.SCHED_CLS,
              ProgramType.SOCKET_FILTER,
              ProgramType.RAW_TRACEPOINT)) {
        assertThat(put(kernel, type, map, CURRENT_CPU, 12)).as(type.name()).isZero();
        PerfReader.Event event = next(reader);
        assertThat(event.data()).hasSize(12).isEqualTo(pattern(12));
        assertThat(event.lost()).isZero();
      }
      assertThat(reader.read(Duration.ZERO)).isEmpty();
    }
  }

  @TwinTest
  void dataIsPaddedSoThatItsRecordIsAMultipleOfEightBytes(Kernel kernel) {
    BpfMap map = kernel.createMap(events(kernel, 0));
    try (PerfReader reader = kernel.perfReader(map, RING_BYTES)) {
      int[] sizes = {0, 1, 4, 5, 12, 13};
      int[] padded = {4, 4, 4, 12, 12, 20};
      for (int i = 0; i < sizes.length; i++) {
        put(kernel, ProgramType.XDP, map, CURRENT_CPU, sizes[i]);
        byte[] data = next(reader).data();
        assertThat(data).hasSize(padded[i]);
        assertThat(Arrays.copyOf(data, sizes[i])).isEqualTo(pattern(sizes[i]));
      }
    }
  }

  @TwinTest
  void bytesOfThePacketFollowTheData(Kernel kernel) {
    BpfMap map = kernel.createMap(events(kernel, 0));
    try (PerfReader reader = kernel.perfReader(map, RING_BYTES)) {
      for (ProgramType type : List.of(ProgramType.XDP, ProgramType.SCHED_CLS)) {
        assertThat(put(kernel, type, map, CURRENT_CPU | 20L << 32, 4)).isZero();
        byte[] data = next(reader).data();
        assertThat(Arrays.copyOf(data, 4)).isEqualTo(pattern(4));
        assertThat(Arrays.copyOfRange(data, 4, 24)).isEqualTo(Arrays.copyOf(packet(), 20));
        assertThat(put(kernel, type, map, CURRENT_CPU | 64L << 32, 4)).isZero();
        assertThat(next(reader).data()).hasSize(68);
        assertThat(put(kernel, type, map, CURRENT_CPU | 65L << 32, 4))
            .isEqualTo(-Errno.EFAULT.number());
      }
      assertThat(reader.read(Duration.ZERO)).isEmpty();
    }
  }

  @TwinTest
  void flagsOutsideOfTheirFieldsAreInvalid(Kernel kernel) {
    BpfMap map = kernel.createMap(events(kernel, 0));
    try (PerfReader reader = kernel.perfReader(map, RING_BYTES)) {
      long aboveTheLength = CURRENT_CPU | 1L << 52;
      long length = CURRENT_CPU | 1L << 32;
      assertThat(put(kernel, ProgramType.XDP, map, aboveTheLength, 4))
          .isEqualTo(-Errno.EINVAL.number());
      assertThat(put(kernel, ProgramType.RAW_TRACEPOINT, map, length, 4))
          .isEqualTo(-Errno.EINVAL.number());
      assertThat(reader.read(Duration.ZERO)).isEmpty();
    }
  }

  @TwinTest
  void theIndexIsThatOfTheRunningCpuOrRefused(Kernel kernel) {
    BpfMap map = kernel.createMap(events(kernel, 2));
    int cpus = kernel.possibleCpus();
    assertThat(putOn(kernel, 0, map, CURRENT_CPU)).isEqualTo(-Errno.ENOENT.number());
    try (PerfReader reader = kernel.perfReader(map, RING_BYTES)) {
      for (int cpu = 0; cpu < cpus; cpu++) {
        assertThat(putOn(kernel, cpu, map, CURRENT_CPU)).isZero();
        assertThat(next(reader).cpu()).isEqualTo(cpu);
        assertThat(putOn(kernel, cpu, map, cpu)).isZero();
        assertThat(next(reader).cpu()).isEqualTo(cpu);
        int other = (cpu + 1) % cpus;
        if (other != cpu) {
          assertThat(putOn(kernel, cpu, map, other)).isEqualTo(-Errno.ENOTSUP.number());
        }
      }
      assertThat(putOn(kernel, 0, map, cpus)).isEqualTo(-Errno.ENOENT.number());
      assertThat(putOn(kernel, 0, map, cpus + 2)).isEqualTo(-Errno.E2BIG.number());
      assertThat(putOn(kernel, 0, map, CURRENT_CPU - 1)).isEqualTo(-Errno.E2BIG.number());
    }
    assertThat(putOn(kernel, 0, map, CURRENT_CPU)).isEqualTo(-Errno.ENOENT.number());
  }

  @TwinTest
  void aFullRingLosesAndTheNextSampleSaysHowMany(Kernel kernel) {
    BpfMap map = kernel.createMap(events(kernel, 0));
    Program program = program(kernel, ProgramType.RAW_TRACEPOINT, map, CURRENT_CPU, 8);
    try (PerfReader reader = kernel.perfReader(map, RING_BYTES)) {
      int fitted = 0;
      while (runOn(program, 0) == 0) {
        fitted++;
      }
      assertThat(fitted).isEqualTo(170);
      assertThat(runOn(program, 0)).isEqualTo(-Errno.ENOSPC.number());
      for (int i = 0; i < fitted; i++) {
        assertThat(next(reader).lost()).isZero();
      }
      assertThat(reader.read(Duration.ZERO)).isEmpty();
      assertThat(runOn(program, 0)).isZero();
      PerfReader.Event note = next(reader);
      assertThat(note.lost()).isEqualTo(2);
      assertThat(note.data()).isEmpty();
      assertThat(next(reader).lost()).isZero();
      assertThat(reader.read(Duration.ZERO)).isEmpty();
    }
  }

  @TwinTest
  void recordsGoOnOverTheEndOfTheRing(Kernel kernel) {
    BpfMap map = kernel.createMap(events(kernel, 0));
    Program program = program(kernel, ProgramType.XDP, map, CURRENT_CPU | 50L << 32, 24);
    try (PerfReader reader = kernel.perfReader(map, RING_BYTES)) {
      for (int i = 0; i < 300; i++) {
        assertThat(run(program)).isZero();
        byte[] data = next(reader).data();
        assertThat(Arrays.copyOf(data, 24)).isEqualTo(pattern(24));
        assertThat(Arrays.copyOfRange(data, 24, 74)).isEqualTo(Arrays.copyOf(packet(), 50));
      }
    }
  }

  @TwinTest
  void aReaderWaitsNoLongerThanItIsTold(Kernel kernel) {
    BpfMap map = kernel.createMap(events(kernel, 0));
    try (PerfReader reader = kernel.perfReader(map, RING_BYTES)) {
      long start = System.nanoTime();
      assertThat(reader.read(Duration.ofMillis(50))).isEmpty();
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isBetween(Duration.ofMillis(50), LONG);
    }
  }

  @TwinTest
  void aWaitingReaderIsWoken(Kernel kernel) throws InterruptedException {
    BpfMap map = kernel.createMap(events(kernel, 0));
    Program program = program(kernel, ProgramType.XDP, map, CURRENT_CPU, 8);
    try (PerfReader reader = kernel.perfReader(map, RING_BYTES)) {
      AtomicReference<PerfReader.@Nullable Event> got = new AtomicReference<>();
      Thread waiting = Thread.ofPlatform().start(() -> got.set(reader.read(LONG).orElse(null)));
      Thread.sleep(20);
      run(program);
      waiting.join();
      assertThat(got.get()).isNotNull();
    }
  }

  @TwinTest
  void anInterruptEndsAWait(Kernel kernel) throws InterruptedException {
    BpfMap map = kernel.createMap(events(kernel, 0));
    try (PerfReader reader = kernel.perfReader(map, RING_BYTES)) {
      long start = System.nanoTime();
      Thread waiting = Thread.ofPlatform().start(() -> assertThat(reader.read(LONG)).isEmpty());
      Thread.sleep(20);
      waiting.interrupt();
      waiting.join();
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONG);
    }
  }

  @TwinTest
  void closingEndsAWaitAndEveryRead(Kernel kernel) throws InterruptedException {
    BpfMap map = kernel.createMap(events(kernel, 0));
    PerfReader reader = kernel.perfReader(map, RING_BYTES);
    AtomicReference<@Nullable Throwable> ended = new AtomicReference<>();
    Thread waiting = Thread.ofPlatform().unstarted(() -> reader.read(LONG));
    waiting.setUncaughtExceptionHandler((thread, failure) -> ended.set(failure));
    waiting.start();
    Thread.sleep(20);
    reader.close();
    reader.close();
    waiting.join();
    assertThat(ended.get()).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> reader.read(Duration.ZERO)).isInstanceOf(IllegalStateException.class);
  }

  @TwinTest
  void aReaderTakesOutWhatItPutIn(Kernel kernel) {
    for (int flags : new int[] {0, MapFlags.PRESERVE_ELEMS}) {
      BpfMap map = kernel.createMap(events(kernel, 0).withFlags(flags));
      PerfReader first = kernel.perfReader(map, RING_BYTES);
      first.close();
      assertThat(put(kernel, ProgramType.XDP, map, CURRENT_CPU, 8))
          .isEqualTo(-Errno.ENOENT.number());
    }
  }

  @TwinTest
  void aSecondReaderTakesTheFirstOnesPlace(Kernel kernel) {
    BpfMap map = kernel.createMap(events(kernel, 0));
    try (PerfReader second = readerAfterAnother(kernel, map)) {
      assertThat(put(kernel, ProgramType.XDP, map, CURRENT_CPU, 8)).isZero();
      assertThat(next(second).data()).hasSize(12);
    }
  }

  private static PerfReader readerAfterAnother(Kernel kernel, BpfMap map) {
    try (PerfReader first = kernel.perfReader(map, RING_BYTES)) {
      PerfReader second = kernel.perfReader(map, RING_BYTES);
      assertThat(put(kernel, ProgramType.XDP, map, CURRENT_CPU, 8)).isZero();
      assertThat(first.read(Duration.ZERO)).isEmpty();
      assertThat(next(second).data()).hasSize(12);
      return second;
    }
  }

  @TwinTest
  void aReaderOutlivesTheMapsHandle(Kernel kernel) {
    BpfMap map = kernel.createMap(events(kernel, 0));
    Program program = program(kernel, ProgramType.XDP, map, CURRENT_CPU, 8);
    try (PerfReader reader = kernel.perfReader(map, RING_BYTES)) {
      map.close();
      assertThat(run(program)).isZero();
      assertThat(next(reader).data()).hasSize(12);
    }
  }

  @TwinTest
  void onlyPerfEventArraysAndPowersOfTwoOfPagesAreRead(Kernel kernel) {
    BpfMap map = kernel.createMap(events(kernel, 0));
    BpfMap array = kernel.createMap(MapSpec.array("a", 4, 1));
    BpfMap readOnly = kernel.createMap(events(kernel, 0).withFlags(MapFlags.RDONLY));
    for (int bytes : new int[] {0, 1, 2048, 5000, 12288, -4096}) {
      assertThat(answer(() -> kernel.perfReader(map, bytes).close())).isEqualTo("EINVAL");
    }
    assertThat(answer(() -> kernel.perfReader(array, RING_BYTES).close())).isEqualTo("EINVAL");
    assertThat(answer(() -> kernel.perfReader(readOnly, RING_BYTES).close())).isEqualTo("EPERM");
  }

  private static MapSpec events(Kernel kernel, int more) {
    return MapSpec.of("events", MapType.PERF_EVENT_ARRAY, 4, 4, kernel.possibleCpus() + more);
  }

  private static PerfReader.Event next(PerfReader reader) {
    return reader.read(LONG).orElseThrow();
  }

  private static int put(Kernel kernel, ProgramType type, BpfMap map, long flags, int size) {
    try (Program program = program(kernel, type, map, flags, size)) {
      return type == ProgramType.RAW_TRACEPOINT ? runOn(program, 0) : run(program);
    }
  }

  private static int putOn(Kernel kernel, int cpu, BpfMap map, long flags) {
    try (Program program = program(kernel, ProgramType.RAW_TRACEPOINT, map, flags, 8)) {
      return runOn(program, cpu);
    }
  }

  private static int run(Program program) {
    return program.testRun(TestRun.of(packet())).returnValue();
  }

  private static int runOn(Program program, int cpu) {
    return program
        .testRun(TestRun.ofContext(new byte[16]).withCpu(cpu).withFlags(ON_CPU))
        .returnValue();
  }

  private static byte[] packet() {
    byte[] packet = new byte[64];
    for (int i = 0; i < packet.length; i++) {
      packet[i] = (byte) (0x80 + i);
    }
    return packet;
  }

  /** What the program puts out: bytes counted up from 1. */
  private static byte[] pattern(int size) {
    byte[] pattern = new byte[size];
    for (int i = 0; i < size; i++) {
      pattern[i] = (byte) (i + 1);
    }
    return pattern;
  }

  /** Gives what bpf_perf_event_output(ctx, map, flags, pattern, size) gives. */
  private static Program program(
      Kernel kernel, ProgramType type, BpfMap map, long flags, int size) {
    List<Instruction> instructions =
        List.of(
            new Instruction(0x62, 10, 0, -24, 0x04030201),
            new Instruction(0x62, 10, 0, -20, 0x08070605),
            new Instruction(0x62, 10, 0, -16, 0x0c0b0a09),
            new Instruction(0x62, 10, 0, -12, 0x100f0e0d),
            new Instruction(0x62, 10, 0, -8, 0x14131211),
            new Instruction(0x62, 10, 0, -4, 0x18171615),
            new Instruction(0x18, 2, 1, 0, 0),
            new Instruction(0, 0, 0, 0, 0),
            new Instruction(0x18, 3, 0, 0, (int) flags),
            new Instruction(0, 0, 0, 0, (int) (flags >>> 32)),
            new Instruction(0xbf, 4, 10, 0, 0),
            new Instruction(0x07, 4, 0, 0, -24),
            new Instruction(0xb7, 5, 0, 0, size),
            new Instruction(0x85, 0, 0, 0, 25),
            new Instruction(0x95, 0, 0, 0, 0));
    return kernel.loadProgram(
        ProgramSpec.of("put", type, instructions)
            .withReferences(List.of(new Reference.ToMap(6, "events"))),
        Map.of("events", map));
  }
}
