package io.ebpf4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Program;
import io.ebpf4j.RingReader;
import io.ebpf4j.TestRun;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Ring buffers, which the kernel in the JVM does not have yet. */
class LinuxRingReaderTest {
  private static final Duration LONG = Duration.ofSeconds(5);
  private static final Instruction MAP = new Instruction(0x18, 1, 1, 0, 0);
  private static final Instruction SECOND_SLOT = new Instruction(0, 0, 0, 0, 0);
  private static final Instruction EXIT = new Instruction(0x95, 0, 0, 0, 0);

  private LinuxKernel kernel;
  private BpfMap map;

  @BeforeEach
  void onlyWhereBpfIsAllowed() {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux") && Privileges.mayUseBpf(),
        "bpf(2) is not allowed here");
    kernel = LinuxKernel.open();
    map = kernel.createMap(MapSpec.of("ring", MapType.RINGBUF, 0, 0, 4096));
  }

  @AfterEach
  void close() {
    kernel.close();
  }

  @Test
  void recordsComeInOrderAndWithTheirSizes() {
    try (RingReader reader = kernel.ringReader(map)) {
      for (int round = 0; round < 100; round++) {
        for (int size : new int[] {8, 1, 24, 13}) {
          assertThat(run(output(size))).isZero();
        }
        assertThat(next(reader)).startsWith(1, 2, 3, 4).hasSize(8);
        assertThat(next(reader)).containsExactly(1);
        assertThat(next(reader)).hasSize(24).endsWith(23, 24);
        assertThat(next(reader)).hasSize(13).endsWith(12, 13);
        assertThat(reader.read(Duration.ZERO)).isEmpty();
      }
    }
  }

  @Test
  void whatIsDiscardedIsPassedOver() {
    try (RingReader reader = kernel.ringReader(map)) {
      run(discard());
      assertThat(reader.read(Duration.ZERO)).isEmpty();
      run(discard());
      run(output(8));
      assertThat(next(reader)).hasSize(8);
    }
  }

  @Test
  void theNextReaderGoesOnWhereTheLastOneStopped() {
    run(output(8));
    run(output(16));
    try (RingReader reader = kernel.ringReader(map)) {
      assertThat(next(reader)).hasSize(8);
    }
    try (RingReader reader = kernel.ringReader(map)) {
      assertThat(next(reader)).hasSize(16);
    }
  }

  @Test
  void aWaitingReaderIsWoken() throws InterruptedException {
    try (RingReader reader = kernel.ringReader(map);
        Program program = output(8)) {
      AtomicReference<byte @Nullable []> got = new AtomicReference<>();
      Thread waiting = Thread.ofPlatform().start(() -> got.set(reader.read(LONG).orElse(null)));
      Thread.sleep(20);
      program.testRun(TestRun.of(new byte[64]));
      waiting.join();
      assertThat(got.get()).hasSize(8);
    }
  }

  @Test
  void aClosedReaderReadsNothing() {
    RingReader reader = kernel.ringReader(map);
    reader.close();
    reader.close();
    assertThatThrownBy(() -> reader.read(Duration.ZERO)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void onlyRingsAreRead() {
    BpfMap array = kernel.createMap(MapSpec.array("a", 8, 1));
    assertThatThrownBy(() -> kernel.ringReader(array))
        .isInstanceOfSatisfying(
            BpfException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
  }

  private static byte[] next(RingReader reader) {
    return reader.read(LONG).orElseThrow();
  }

  private static int run(Program program) {
    try (program) {
      return program.testRun(TestRun.of(new byte[64])).returnValue();
    }
  }

  /** Gives what bpf_ringbuf_output(ring, bytes from 1 to 24, size, 0) gives. */
  private Program output(int size) {
    return load(
        6,
        new Instruction(0x62, 10, 0, -24, 0x04030201),
        new Instruction(0x62, 10, 0, -20, 0x08070605),
        new Instruction(0x62, 10, 0, -16, 0x0c0b0a09),
        new Instruction(0x62, 10, 0, -12, 0x100f0e0d),
        new Instruction(0x62, 10, 0, -8, 0x14131211),
        new Instruction(0x62, 10, 0, -4, 0x18171615),
        MAP,
        SECOND_SLOT,
        new Instruction(0xbf, 2, 10, 0, 0),
        new Instruction(0x07, 2, 0, 0, -24),
        new Instruction(0xb7, 3, 0, 0, size),
        new Instruction(0xb7, 4, 0, 0, 0),
        new Instruction(0x85, 0, 0, 0, 130),
        EXIT);
  }

  /** Reserves 16 bytes and discards them. */
  private Program discard() {
    return load(
        0,
        MAP,
        SECOND_SLOT,
        new Instruction(0xb7, 2, 0, 0, 16),
        new Instruction(0xb7, 3, 0, 0, 0),
        new Instruction(0x85, 0, 0, 0, 131),
        new Instruction(0x15, 0, 0, 3, 0),
        new Instruction(0xbf, 1, 0, 0, 0),
        new Instruction(0xb7, 2, 0, 0, 0),
        new Instruction(0x85, 0, 0, 0, 133),
        new Instruction(0xb7, 0, 0, 0, 0),
        EXIT);
  }

  private Program load(int reference, Instruction... instructions) {
    return kernel.loadProgram(
        ProgramSpec.of("put", ProgramType.XDP, List.of(instructions))
            .withReferences(List.of(new Reference.ToMap(reference, "ring"))),
        Map.of("ring", map));
  }
}
