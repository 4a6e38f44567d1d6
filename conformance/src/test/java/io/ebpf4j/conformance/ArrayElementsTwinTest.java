package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static io.ebpf4j.conformance.Elements.delete;
import static io.ebpf4j.conformance.Elements.lookup;
import static io.ebpf4j.conformance.Elements.next;
import static io.ebpf4j.conformance.Elements.room;
import static io.ebpf4j.conformance.Elements.u32;
import static io.ebpf4j.conformance.Elements.u64;
import static io.ebpf4j.conformance.Elements.update;
import static io.ebpf4j.conformance.Elements.value;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.junit.LeaksAllowed;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.LongStream;

/** Element operations of ARRAY and PERCPU_ARRAY. */
@LeaksAllowed
class ArrayElementsTwinTest {
  @TwinTest
  void anArrayIsZeroedAndEndsAtItsLastIndex(Kernel kernel) {
    BpfMap map = kernel.createMap(MapSpec.array("a", 8, 4));
    assertThat(value(map, 0)).isZero();
    assertThat(lookup(map, 3, 0)).isEqualTo("OK");
    assertThat(lookup(map, 4, 0)).isEqualTo("ENOENT");
    assertThat(lookup(map, 0xffffffffL, 0)).isEqualTo("ENOENT");
  }

  @TwinTest
  void readOnlyAndWriteOnlyAreOfTheDescriptorThatCreatingGave(Kernel kernel) {
    BpfMap readOnly = kernel.createMap(MapSpec.array("r", 8, 1).withFlags(MapFlags.RDONLY));
    BpfMap writeOnly = kernel.createMap(MapSpec.array("w", 8, 1).withFlags(MapFlags.WRONLY));
    assertThat(update(readOnly, 0, u64(1), 0)).isEqualTo("EPERM");
    assertThat(lookup(writeOnly, 0, 0)).isEqualTo("EPERM");
    try (BpfMap again = kernel.mapById(readOnly.id()).orElseThrow();
        BpfMap other = kernel.mapById(writeOnly.id()).orElseThrow()) {
      assertThat(update(again, 0, u64(1), 0)).isEqualTo("OK");
      assertThat(lookup(again, 0, 0)).isEqualTo("OK");
      assertThat(lookup(other, 0, 0)).isEqualTo("OK");
      assertThat(again.spec().flags()).isZero();
      assertThat(other.info().flags()).isZero();
    }
  }

  @TwinTest
  void lookupFlagsAreRefusedWithoutALock(Kernel kernel) {
    BpfMap map = kernel.createMap(MapSpec.array("a", 8, 4));
    assertThat(lookup(map, 0, 1)).isEqualTo("EINVAL");
    assertThat(lookup(map, 0, MapFlags.LOCK)).isEqualTo("EINVAL");
    assertThat(lookup(map, 0, 8)).isEqualTo("EINVAL");
  }

  @TwinTest
  void updateFlagsAreCheckedBeforeTheIndexAndTheIndexBeforeNoexist(Kernel kernel) {
    BpfMap map = kernel.createMap(MapSpec.array("a", 8, 4));
    assertThat(update(map, 0, u64(7), MapFlags.ANY)).isEqualTo("OK");
    assertThat(value(map, 0)).isEqualTo(7);
    assertThat(update(map, 0, u64(8), MapFlags.NOEXIST)).isEqualTo("EEXIST");
    assertThat(update(map, 0, u64(9), MapFlags.EXIST)).isEqualTo("OK");
    for (long flags = 0; flags < 3; flags++) {
      assertThat(update(map, 4, u64(1), flags)).isEqualTo("E2BIG");
    }
    for (long flags : new long[] {3, 4, 5, 6, 8}) {
      assertThat(update(map, 0, u64(1), flags)).as("flags %d", flags).isEqualTo("EINVAL");
      assertThat(update(map, 4, u64(1), flags)).as("flags %d", flags).isEqualTo("EINVAL");
    }
    assertThat(value(map, 0)).isEqualTo(9);
  }

  @TwinTest
  void elementsOfAnArrayCannotBeDeleted(Kernel kernel) {
    BpfMap map = kernel.createMap(MapSpec.array("a", 8, 4));
    assertThat(delete(map, 0)).isEqualTo("EINVAL");
    assertThat(delete(map, 4)).isEqualTo("EINVAL");
    assertThat(answer(() -> map.lookupAndDelete(u32(0), room(8), 0))).isEqualTo("ENOTSUPP");
  }

  @TwinTest
  void theWalkOverKeysBeginsAnewBehindAnUnknownKey(Kernel kernel) {
    BpfMap map = kernel.createMap(MapSpec.array("a", 8, 4));
    assertThat(next(map, null)).isEqualTo("0");
    assertThat(next(map, 0L)).isEqualTo("1");
    assertThat(next(map, 3L)).isEqualTo("ENOENT");
    assertThat(next(map, 9L)).isEqualTo("0");
    assertThat(next(map, 0xffffffffL)).isEqualTo("0");
  }

  @TwinTest
  void aFrozenMapIsReadOnlyToTheUser(Kernel kernel) {
    BpfMap map = kernel.createMap(MapSpec.array("a", 8, 4));
    assertThat(map.frozen()).isFalse();
    assertThat(answer(map::freeze)).isEqualTo("OK");
    assertThat(answer(map::freeze)).isEqualTo("EPERM");
    assertThat(update(map, 0, u64(1), 0)).isEqualTo("EPERM");
    assertThat(lookup(map, 0, 0)).isEqualTo("OK");
    assertThat(map.frozen()).isTrue();
  }

  @TwinTest
  void aReadOnlyMapRefusesTheUsersWrites(Kernel kernel) {
    BpfMap map = kernel.createMap(MapSpec.array("a", 8, 4).withFlags(MapFlags.RDONLY));
    assertThat(update(map, 0, u64(1), 0)).isEqualTo("EPERM");
    assertThat(lookup(map, 0, 0)).isEqualTo("OK");
    assertThat(answer(map::freeze)).isEqualTo("EPERM");
  }

  @TwinTest
  void aWriteOnlyMapRefusesTheUsersReads(Kernel kernel) {
    BpfMap map = kernel.createMap(MapSpec.array("a", 8, 4).withFlags(MapFlags.WRONLY));
    assertThat(lookup(map, 0, 0)).isEqualTo("EPERM");
    assertThat(next(map, null)).isEqualTo("EPERM");
    assertThat(update(map, 0, u64(1), 0)).isEqualTo("OK");
    assertThat(answer(map::freeze)).isEqualTo("OK");
  }

  @TwinTest
  void thePerCpuUserSeesEveryCpusValuePaddedToEight(Kernel kernel) {
    BpfMap map = kernel.createMap(MapSpec.of("p", MapType.PERCPU_ARRAY, 4, 4, 2));
    int cpus = kernel.possibleCpus();
    assertThat(map.userValueSize()).isEqualTo(8 * cpus);
    long[] given = LongStream.range(0, cpus).map(cpu -> 0xffffffff_00000000L | cpu + 1).toArray();
    assertThat(update(map, 1, u64(given), 0)).isEqualTo("OK");
    MemorySegment seen = room(8 * cpus);
    map.lookup(u32(1), seen, 0);
    assertThat(Arrays.stream(seen.toArray(ValueLayout.JAVA_LONG_UNALIGNED)).map(v -> (int) v))
        .containsExactly(LongStream.rangeClosed(1, cpus).boxed().toArray(Long[]::new));
  }

  @TwinTest
  void perCpuUpdatesAnswerAsArraysDo(Kernel kernel) {
    BpfMap map = kernel.createMap(MapSpec.of("p", MapType.PERCPU_ARRAY, 4, 4, 2));
    MemorySegment values = room(map.userValueSize());
    assertThat(update(map, 0, values, MapFlags.NOEXIST)).isEqualTo("EEXIST");
    assertThat(update(map, 0, values, MapFlags.EXIST)).isEqualTo("OK");
    for (long flags : new long[] {3, 4, 8, 16}) {
      assertThat(update(map, 0, values, flags)).as("flags %d", flags).isEqualTo("EINVAL");
    }
    assertThat(delete(map, 0)).isEqualTo("EINVAL");
    assertThat(update(map, 2, values, 0)).isEqualTo("E2BIG");
  }

  @TwinTest
  void aBatchLookupGoesOnWhereTheCursorStands(Kernel kernel) {
    BpfMap map = kernel.createMap(MapSpec.array("a", 8, 5));
    for (int i = 0; i < 5; i++) {
      map.update(u32(i), u64(10L * i), 0);
    }
    MemorySegment cursor = room(4);
    MemorySegment keys = room(4 * 3);
    MemorySegment values = room(8 * 3);
    BpfMap.Batch first = map.lookupBatch(null, cursor, keys, values, 3, 0);
    assertThat(first.count()).isEqualTo(3);
    assertThat(first.end()).isFalse();
    assertThat(keys.toArray(ValueLayout.JAVA_INT_UNALIGNED)).containsExactly(0, 1, 2);
    assertThat(values.toArray(ValueLayout.JAVA_LONG_UNALIGNED)).containsExactly(0, 10, 20);
    BpfMap.Batch second = map.lookupBatch(cursor, cursor, keys, values, 3, 0);
    assertThat(second.count()).isEqualTo(2);
    assertThat(second.end()).isTrue();
    assertThat(values.asSlice(0, 16).toArray(ValueLayout.JAVA_LONG_UNALIGNED))
        .containsExactly(30, 40);
  }

  @TwinTest
  void aBatchUpdateStopsAtTheFirstErrorAndTellsHowFarItGot(Kernel kernel) {
    BpfMap map = kernel.createMap(MapSpec.array("a", 8, 2));
    MemorySegment keys = room(12);
    keys.setAtIndex(ValueLayout.JAVA_INT_UNALIGNED, 1, 9);
    BpfMap.Batch batch = map.updateBatch(keys, u64(5, 6, 7), 3, 0);
    assertThat(batch.count()).isEqualTo(1);
    assertThat(batch.error()).isNotNull();
    assertThat(value(map, 0)).isEqualTo(5);
  }
}
