package io.ebpf4j.jvm.map;

import static io.ebpf4j.jvm.map.Refusals.refuses;
import static io.ebpf4j.jvm.map.TestKernel.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.PerfReader;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PerfEventArrayTest {
  private static final MapSpec SPEC = MapSpec.of("events", MapType.PERF_EVENT_ARRAY, 4, 4, 4);

  private final TestKernel kernel = new TestKernel();
  private final PerfEventArray map = (PerfEventArray) kernel.create(SPEC);

  @AfterEach
  void close() {
    kernel.close();
  }

  @Test
  void aReaderGetsWhatTheProgramPutOut() {
    try (PerfReader reader = PerfEventReader.open(kernel.machine, map, 4096)) {
      assertThat(put(0, PerfEventArray.CURRENT_CPU, 0x1122334455667788L, 8)).isZero();
      assertThat(put(1, 1, 5, 4)).isZero();
      PerfReader.Event first = next(reader);
      assertThat(first.cpu()).isZero();
      assertThat(HexFormat.of().formatHex(first.data())).isEqualTo("887766554433221100000000");
      assertThat(first.lost()).isZero();
      PerfReader.Event second = next(reader);
      assertThat(second.cpu()).isEqualTo(1);
      assertThat(second.data()).isEqualTo(new byte[] {5, 0, 0, 0});
      assertThat(reader.read(Duration.ZERO)).isEmpty();
    }
  }

  @Test
  void dataIsPaddedSoThatItsRecordIsAMultipleOfEightBytes() {
    try (PerfReader reader = PerfEventReader.open(kernel.machine, map, 4096)) {
      int[] sizes = {0, 1, 4, 5, 12, 13};
      int[] padded = {4, 4, 4, 12, 12, 20};
      for (int i = 0; i < sizes.length; i++) {
        put(0, 0, 1, sizes[i]);
        assertThat(next(reader).data()).hasSize(padded[i]);
      }
    }
  }

  @Test
  void bytesOfThePacketFollowTheData() {
    try (PerfReader reader = PerfEventReader.open(kernel.machine, map, 4096)) {
      long packet = kernel.rawKey(0x0a0b0c0d);
      long data = kernel.rawValue(0x01);
      map.output(
          kernel.cpu(),
          0,
          data,
          1,
          (offset, to, bytes) -> Memory.copy(packet + offset, to, bytes),
          3);
      assertThat(next(reader).data()).isEqualTo(new byte[] {1, 0x0d, 0x0c, 0x0b});
    }
  }

  @Test
  void outputAnswersAsLinux() {
    assertThat(put(0, 0, 1, 8)).isEqualTo(-Errno.ENOENT.number());
    assertThat(put(0, 4, 1, 8)).isEqualTo(-Errno.E2BIG.number());
    try (PerfReader reader = PerfEventReader.open(kernel.machine, map, 4096)) {
      assertThat(put(0, 1, 1, 8)).isEqualTo(-Errno.ENOTSUP.number());
      assertThat(put(0, 2, 1, 8)).isEqualTo(-Errno.ENOENT.number());
      assertThat(reader.read(Duration.ZERO)).isEmpty();
    }
    assertThat(put(0, 0, 1, 8)).isEqualTo(-Errno.ENOENT.number());
  }

  @Test
  void aFullRingLosesAndTheNextSampleSaysHowMany() {
    try (PerfReader reader = PerfEventReader.open(kernel.machine, map, 4096)) {
      int fitted = 0;
      while (put(0, 0, fitted, 8) == 0) {
        fitted++;
      }
      assertThat(fitted).isEqualTo(170);
      assertThat(put(0, 0, 0, 8)).isEqualTo(-Errno.ENOSPC.number());
      for (int i = 0; i < fitted; i++) {
        assertThat(next(reader).data()[0]).isEqualTo((byte) i);
      }
      assertThat(put(0, 0, 7, 8)).isZero();
      PerfReader.Event note = next(reader);
      assertThat(note.lost()).isEqualTo(2);
      assertThat(note.data()).isEmpty();
      assertThat(next(reader).data()[0]).isEqualTo((byte) 7);
    }
  }

  @Test
  void recordsWrapAroundTheEndOfTheRing() {
    try (PerfReader reader = PerfEventReader.open(kernel.machine, map, 4096)) {
      for (int i = 0; i < 1000; i++) {
        assertThat(put(0, 0, i, 21)).isZero();
        byte[] data = next(reader).data();
        assertThat(data).hasSize(28);
        assertThat(data[0]).isEqualTo((byte) i);
        assertThat(data[20]).isEqualTo((byte) 0x55);
      }
    }
  }

  @Test
  void aSampleThatNoRecordHoldsIsTooBig() {
    try (PerfReader reader = PerfEventReader.open(kernel.machine, map, 1 << 18)) {
      assertThat(put(0, 0, 0, 65_524)).isEqualTo(-Errno.E2BIG.number());
      assertThat(reader.read(Duration.ZERO)).isEmpty();
    }
  }

  @Test
  void aWaitingReaderIsWoken() throws InterruptedException {
    try (PerfReader reader = PerfEventReader.open(kernel.machine, map, 4096)) {
      AtomicReference<Optional<PerfReader.Event>> read = new AtomicReference<>(Optional.empty());
      CountDownLatch started = new CountDownLatch(1);
      Thread waiting =
          Thread.ofPlatform()
              .start(() -> {
                started.countDown();
                read.set(reader.read(Duration.ofSeconds(60)));
              });
      started.await();
      put(0, 0, 3, 4);
      waiting.join();
      assertThat(read.get()).isPresent();
    }
  }

  @Test
  void closingEndsAWait() throws InterruptedException {
    PerfReader reader = PerfEventReader.open(kernel.machine, map, 4096);
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread waiting =
        Thread.ofPlatform()
            .start(() -> {
              try {
                reader.read(Duration.ofSeconds(60));
              } catch (IllegalStateException e) {
                thrown.set(e);
              }
            });
    Thread.sleep(20);
    reader.close();
    waiting.join();
    assertThat(thrown.get()).hasMessage("the perf reader of map events was closed");
    assertThatThrownBy(() -> reader.read(Duration.ZERO)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void onlyPowersOfTwoOfWholePagesAreRings() {
    refuses(Errno.EINVAL, () -> PerfEventReader.open(kernel.machine, map, 5000));
    refuses(Errno.EINVAL, () -> PerfEventReader.open(kernel.machine, map, 2048));
    JvmMap array = kernel.create(MapSpec.array("array", 8, 4));
    refuses(Errno.EINVAL, () -> PerfEventReader.open(kernel.machine, array, 4096));
  }

  @Test
  void anEntryGoesWithTheHandleThatPutIt() {
    Object handle = new Object();
    int fd = kernel.fds.open(new PerfEvent(kernel.machine, 0, 4096));
    map.user().update(key(0), key(fd), 0, handle);
    map.handleClosed(new Object());
    assertThat(put(0, 0, 1, 8)).isZero();
    map.handleClosed(handle);
    assertThat(map.user().delete(key(0))).isFalse();
  }

  @Test
  void preservedEntriesStay() {
    JvmMap preserving = kernel.create(SPEC.withFlags(MapFlags.PRESERVE_ELEMS));
    Object handle = new Object();
    int fd = kernel.fds.open(new PerfEvent(kernel.machine, 0, 4096));
    preserving.user().update(key(0), key(fd), 0, handle);
    preserving.handleClosed(handle);
    assertThat(preserving.user().delete(key(0))).isTrue();
  }

  private long put(int cpu, long flags, long value, int bytes) {
    long data = kernel.rawLarge(bytes);
    Memory.fill(data, bytes, (byte) 0x55);
    if (bytes <= 8) {
      Memory.putLong(data, value);
    } else {
      Memory.putByte(data, (byte) value);
    }
    return map.output(kernel.machine.cpus().get(cpu), flags, data, bytes, null, 0);
  }

  private static PerfReader.Event next(PerfReader reader) {
    return reader.read(Duration.ZERO).orElseThrow();
  }
}
