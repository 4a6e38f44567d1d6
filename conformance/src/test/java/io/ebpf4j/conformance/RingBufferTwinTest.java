package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static io.ebpf4j.conformance.Elements.room;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfMap.Mapping;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.RingReader;
import io.ebpf4j.TestRun;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** RINGBUF: what programs write, what its reader and its pages show. */
class RingBufferTwinTest {
  private static final int OUTPUT = 0;
  private static final int SUBMIT = 1;
  private static final int DISCARD = 2;
  private static final int QUERY = 3;
  private static final int TWO_OUT_OF_ORDER = 4;
  private static final int SMALL = 5;

  private static final long NO_WAKEUP = 1;
  private static final long FORCE_WAKEUP = 2;
  private static final int RECORD_OF_1000 = 1008;

  private static final MapSpec RING = MapSpec.of("r", MapType.RINGBUF, 0, 0, 4096);

  @TwinTest
  void aRingHasAPowerOfTwoOfPagesAndNothingElse(Kernel kernel) {
    assertThat(create(kernel, RING)).isEqualTo("OK");
    assertThat(create(kernel, RING.withMaxEntries(1 << 20))).isEqualTo("OK");
    for (int size : new int[] {0, 1, 2048, 4095, 12288}) {
      assertThat(create(kernel, RING.withMaxEntries(size))).as("size %d", size).isEqualTo("EINVAL");
    }
    assertThat(create(kernel, RING.withKeySize(4))).isEqualTo("EINVAL");
    assertThat(create(kernel, RING.withValueSize(4))).isEqualTo("EINVAL");
    for (int bit = 0; bit < 21; bit++) {
      boolean node = 1 << bit == MapFlags.NUMA_NODE;
      assertThat(create(kernel, RING.withFlags(1 << bit)))
          .as("bit %d", bit)
          .isEqualTo(node ? "OK" : "EINVAL");
    }
  }

  @TwinTest
  void aRingHasNoElements(Kernel kernel) {
    for (MapType type : new MapType[] {MapType.RINGBUF, MapType.USER_RINGBUF}) {
      try (BpfMap map = kernel.createMap(RING.withType(type))) {
        assertThat(answer(() -> map.lookup(room(0), room(0), 0))).isEqualTo("ENOTSUPP");
        assertThat(answer(() -> map.update(room(0), room(0), 0))).isEqualTo("ENOTSUPP");
        assertThat(answer(() -> map.delete(room(0)))).isEqualTo("ENOTSUPP");
        assertThat(answer(() -> map.nextKey(null, room(0)))).isEqualTo("ENOTSUPP");
        assertThat(answer(() -> map.lookupAndDelete(room(0), room(0), 0))).isEqualTo("ENOTSUPP");
        assertThat(answer(() -> map.lookupBatch(null, room(4), room(0), room(0), 0, 0)))
            .isEqualTo("ENOTSUPP");
        assertThat(answer(map::freeze)).isEqualTo("OK");
      }
    }
  }

  @TwinTest
  void recordsComeInTheOrderInWhichTheyWereReserved(Kernel kernel) {
    try (BpfObject object = load(kernel);
        RingReader reader = kernel.ringReader(object.map("ring"))) {
      assertThat(run(object, SUBMIT, 0, 7, 0)).isZero();
      assertThat(run(object, DISCARD, 0, 0, 0)).isZero();
      assertThat(run(object, TWO_OUT_OF_ORDER, 0, 20, 0)).isZero();
      assertThat(run(object, SMALL, 0, 3, 0)).isZero();
      assertThat(run(object, OUTPUT, 5, 0x0102030405060708L, 0)).isZero();
      assertThat(run(object, OUTPUT, 0, 1, 0)).isZero();
      List<String> seen = new ArrayList<>();
      int passed = reader.read(record -> seen.add(shown(record)), 100, Duration.ZERO);
      assertThat(passed).isEqualTo(6);
      assertThat(seen)
          .containsExactly(
              "16: 7 -8", "8: 20", "24: 21 21 21", "3: bytes 1 2 3", "5: bytes 8 7 6 5 4", "0:");
      assertThat(reader.read(Duration.ZERO)).isEmpty();
    }
  }

  @TwinTest
  void flagsAndSizesThatThereAreNotAreRefused(Kernel kernel) {
    try (BpfObject object = load(kernel)) {
      assertThat(run(object, OUTPUT, 8, 1, 4)).isEqualTo(-Errno.EINVAL.number());
      assertThat(run(object, OUTPUT, 8, 1, 8)).isEqualTo(-Errno.EINVAL.number());
      assertThat(run(object, OUTPUT, 8, 1, -1)).isEqualTo(-Errno.EINVAL.number());
      assertThat(run(object, OUTPUT, 4089, 1, 0)).isEqualTo(-Errno.EAGAIN.number());
      assertThat(run(object, OUTPUT, 4088, 1, 0)).isEqualTo(-Errno.EAGAIN.number());
      assertThat(run(object, OUTPUT, 4080, 1, 0)).isZero();
      assertThat(run(object, DISCARD, 0, 1, 0)).isEqualTo(-1);
    }
  }

  @TwinTest
  void aFullRingTakesNothingUntilItIsRead(Kernel kernel) {
    try (BpfObject object = load(kernel);
        RingReader reader = kernel.ringReader(object.map("ring"))) {
      int taken = 0;
      while (run(object, SUBMIT, 0, taken, 0) == 0) {
        taken++;
      }
      assertThat(taken).isEqualTo(4096 / 24);
      assertThat(run(object, OUTPUT, 8, 1, 0)).isEqualTo(-Errno.EAGAIN.number());
      assertThat(reader.read(Duration.ZERO)).isPresent();
      assertThat(run(object, SUBMIT, 0, 1000, 0)).isZero();
      assertThat(run(object, SUBMIT, 0, 1001, 0)).isEqualTo(-1);
      List<Long> seen = new ArrayList<>();
      reader.read(
          record -> seen.add(record.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)), 500, Duration.ZERO);
      assertThat(seen).hasSize(taken).startsWith(1L, 2L).endsWith(taken - 1L, 1000L);
    }
  }

  @TwinTest
  void recordsGoAroundManyTimes(Kernel kernel) {
    try (BpfObject object = load(kernel);
        RingReader reader = kernel.ringReader(object.map("ring"))) {
      for (int i = 0; i < 200; i++) {
        int size = 8 + i * 37 % 900;
        assertThat(run(object, OUTPUT, size, i, 0)).isZero();
        byte[] record = reader.read(Duration.ZERO).orElseThrow();
        assertThat(record).hasSize(size);
        assertThat(MemorySegment.ofArray(record).get(ValueLayout.JAVA_LONG_UNALIGNED, 0))
            .isEqualTo(i);
        assertThat(run(object, DISCARD, 0, 0, 0)).isZero();
      }
    }
  }

  @TwinTest
  void aQueryTellsSizeAndPositions(Kernel kernel) {
    try (BpfObject object = load(kernel);
        RingReader reader = kernel.ringReader(object.map("ring"))) {
      run(object, SUBMIT, 0, 7, 0);
      run(object, DISCARD, 0, 0, 0);
      run(object, SMALL, 0, 7, 0);
      reader.read(Duration.ZERO);
      assertThat(query(object, 0)).isEqualTo(RECORD_OF_1000 + 16);
      assertThat(query(object, 1)).isEqualTo(4096);
      assertThat(query(object, 2)).isEqualTo(24);
      assertThat(query(object, 3)).isEqualTo(24 + RECORD_OF_1000 + 16);
      assertThat(query(object, 4)).isZero();
      assertThat(query(object, -1)).isZero();
    }
  }

  @TwinTest
  void thePagesShowPositionsAndHeaders(Kernel kernel) {
    try (BpfObject object = load(kernel)) {
      BpfMap ring = object.map("ring");
      run(object, SUBMIT, 0, 7, 0);
      run(object, DISCARD, 0, 0, 0);
      run(object, SMALL, 0, 7, 0);
      try (Mapping position = ring.mmap(0, 4096, true);
          Mapping pages = ring.mmap(4096, 4096 + 2 * 4096, false)) {
        assertThat(position.segment().get(ValueLayout.JAVA_LONG, 0)).isZero();
        MemorySegment data = pages.segment();
        assertThat(data.isReadOnly()).isTrue();
        assertThat(data.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(24 + RECORD_OF_1000 + 16);
        assertThat(data.get(ValueLayout.JAVA_INT, 4096)).isEqualTo(16);
        assertThat(data.get(ValueLayout.JAVA_INT, 4096 + 4)).isEqualTo(3);
        assertThat(data.get(ValueLayout.JAVA_LONG, 4096 + 8)).isEqualTo(7);
        assertThat(data.get(ValueLayout.JAVA_INT, 4096 + 24)).isEqualTo(1000 | 1 << 30);
        assertThat(data.get(ValueLayout.JAVA_INT, 4096 + 24 + RECORD_OF_1000)).isEqualTo(3);
        position.segment().set(ValueLayout.JAVA_LONG, 0, 24 + RECORD_OF_1000);
        assertThat(query(object, 2)).isEqualTo(24 + RECORD_OF_1000);
        try (RingReader reader = kernel.ringReader(ring)) {
          assertThat(reader.read(Duration.ZERO).orElseThrow()).containsExactly(1, 2, 7);
        }
        assertThat(position.segment().get(ValueLayout.JAVA_LONG, 0))
            .isEqualTo(24 + RECORD_OF_1000 + 16);
      }
    }
  }

  @TwinTest
  void usersWriteTheirOwnPositionAlone(Kernel kernel) {
    try (BpfMap ring = kernel.createMap(RING)) {
      assertThat(mmap(ring, 0, 4096, true)).isEqualTo("OK");
      assertThat(mmap(ring, 0, 8192, true)).isEqualTo("EPERM");
      assertThat(mmap(ring, 4096, 4096, true)).isEqualTo("EPERM");
      assertThat(mmap(ring, 0, 4 * 4096, false)).isEqualTo("OK");
      assertThat(mmap(ring, 0, 5 * 4096, false)).isEqualTo("EINVAL");
      assertThat(mmap(ring, 8 * 4096, 4096, false)).isEqualTo("EINVAL");
    }
    try (BpfMap ring = kernel.createMap(RING.withType(MapType.USER_RINGBUF))) {
      assertThat(mmap(ring, 0, 4096, true)).isEqualTo("EPERM");
      assertThat(mmap(ring, 0, 4096, false)).isEqualTo("OK");
      assertThat(mmap(ring, 4096, 3 * 4096, true)).isEqualTo("OK");
      assertThat(mmap(ring, 4096, 4 * 4096, true)).isEqualTo("EINVAL");
    }
  }

  @TwinTest
  void aWaitingReaderIsWoken(Kernel kernel) throws Exception {
    try (BpfObject object = load(kernel);
        RingReader reader = kernel.ringReader(object.map("ring"))) {
      for (long flags : new long[] {0, FORCE_WAKEUP}) {
        CompletableFuture<Optional<byte[]>> read =
            CompletableFuture.supplyAsync(() -> reader.read(Duration.ofSeconds(20)));
        Thread.sleep(50);
        run(object, SUBMIT, 0, 7, flags);
        assertThat(read.get()).isPresent();
      }
    }
  }

  @TwinTest
  void withoutAWakeupTheReaderSleepsOn(Kernel kernel) throws Exception {
    try (BpfObject object = load(kernel);
        RingReader reader = kernel.ringReader(object.map("ring"))) {
      CompletableFuture<Optional<byte[]>> read =
          CompletableFuture.supplyAsync(() -> reader.read(Duration.ofSeconds(20)));
      Thread.sleep(50);
      run(object, SUBMIT, 0, 7, NO_WAKEUP);
      Thread.sleep(100);
      assertThat(read).isNotDone();
      run(object, SUBMIT, 0, 8, 0);
      Thread.sleep(100);
      // The reader has not come to the second record, so that wakes nobody either.
      assertThat(read).isNotDone();
      run(object, SUBMIT, 0, 9, FORCE_WAKEUP);
      assertThat(read.get()).isPresent();
    }
  }

  @TwinTest
  void aClosedReaderReadsNoMoreAndLeavesTheRestToTheNext(Kernel kernel) {
    try (BpfObject object = load(kernel)) {
      run(object, SUBMIT, 0, 7, 0);
      RingReader first = kernel.ringReader(object.map("ring"));
      first.close();
      assertThatThrownBy(() -> first.read(Duration.ZERO)).isInstanceOf(IllegalStateException.class);
      try (RingReader second = kernel.ringReader(object.map("ring"))) {
        assertThat(second.read(Duration.ZERO)).isPresent();
      }
      assertThat(answer(() -> kernel.ringReader(object.map("answer")))).isEqualTo("EINVAL");
    }
  }

  private static String create(Kernel kernel, MapSpec spec) {
    return answer(() -> kernel.createMap(spec).close());
  }

  private static String mmap(BpfMap ring, long offset, long length, boolean writable) {
    return answer(() -> ring.mmap(offset, length, writable).close());
  }

  private static String shown(MemorySegment record) {
    StringBuilder shown = new StringBuilder(record.byteSize() + ":");
    if (record.byteSize() % 8 == 0) {
      for (long at = 0; at < record.byteSize(); at += 8) {
        shown.append(' ').append(record.get(ValueLayout.JAVA_LONG_UNALIGNED, at));
      }
    } else {
      shown.append(" bytes");
      for (byte b : record.toArray(ValueLayout.JAVA_BYTE)) {
        shown.append(' ').append(b);
      }
    }
    return shown.toString();
  }

  private static long query(BpfObject object, long what) {
    run(object, QUERY, 0, 0, what);
    return Elements.value(object.map("answer"), 0);
  }

  private static int run(BpfObject object, int operation, int size, long value, long flags) {
    byte[] packet = new byte[64];
    MemorySegment request = MemorySegment.ofArray(packet).asSlice(14);
    request.set(ValueLayout.JAVA_INT_UNALIGNED, 0, operation);
    request.set(ValueLayout.JAVA_INT_UNALIGNED, 4, size);
    request.set(ValueLayout.JAVA_LONG_UNALIGNED, 8, value);
    request.set(ValueLayout.JAVA_LONG_UNALIGNED, 16, flags);
    return object.program("operate").testRun(TestRun.of(packet)).returnValue();
  }

  private static BpfObject load(Kernel kernel) {
    try (InputStream in = RingBufferTwinTest.class.getResourceAsStream("/rings.bpf.o")) {
      return kernel.load(
          ObjectFile.parse("rings.bpf.o", Objects.requireNonNull(in).readAllBytes()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
