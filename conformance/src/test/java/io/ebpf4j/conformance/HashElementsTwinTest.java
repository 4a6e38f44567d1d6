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
import io.ebpf4j.BpfMap.Batch;
import io.ebpf4j.Kernel;
import io.ebpf4j.junit.LeaksAllowed;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Element operations of HASH and PERCPU_HASH. */
@LeaksAllowed
class HashElementsTwinTest {
  private static final int[] PREALLOCATION = {0, MapFlags.NO_PREALLOC};

  @TwinTest
  void aHashIsEmptyAtFirst(Kernel kernel) {
    BpfMap map = kernel.createMap(hash(4));
    assertThat(lookup(map, 1, 0)).isEqualTo("ENOENT");
    assertThat(delete(map, 1)).isEqualTo("ENOENT");
    assertThat(next(map, null)).isEqualTo("ENOENT");
    assertThat(next(map, 1L)).isEqualTo("ENOENT");
  }

  @TwinTest
  void updateFlagsSayWhetherTheKeyMayExist(Kernel kernel) {
    for (MapType type : new MapType[] {MapType.HASH, MapType.PERCPU_HASH}) {
      BpfMap map = kernel.createMap(hash(4).withType(type));
      MemorySegment value = room(map.userValueSize());
      assertThat(update(map, 1, value, MapFlags.EXIST)).isEqualTo("ENOENT");
      assertThat(update(map, 1, value, MapFlags.NOEXIST)).isEqualTo("OK");
      assertThat(update(map, 1, value, MapFlags.NOEXIST)).isEqualTo("EEXIST");
      assertThat(update(map, 1, value, MapFlags.EXIST)).isEqualTo("OK");
      for (long flags : new long[] {3, 4, 5, 6, 7, 8, 1L << 32, -1}) {
        assertThat(update(map, 1, value, flags)).as("flags %d", flags).isEqualTo("EINVAL");
        assertThat(update(map, 2, value, flags)).as("flags %d", flags).isEqualTo("EINVAL");
      }
    }
  }

  @TwinTest
  void aFullHashTakesOnlyKeysThatItHas(Kernel kernel) {
    for (int flags : PREALLOCATION) {
      BpfMap map = kernel.createMap(hash(3).withFlags(flags));
      for (long key = 0; key < 3; key++) {
        assertThat(update(map, key, u64(key), 0)).isEqualTo("OK");
      }
      assertThat(update(map, 3, u64(3), 0)).isEqualTo("E2BIG");
      assertThat(update(map, 3, u64(3), MapFlags.NOEXIST)).isEqualTo("E2BIG");
      assertThat(update(map, 3, u64(3), MapFlags.EXIST)).isEqualTo("ENOENT");
      assertThat(update(map, 2, u64(9), 0)).isEqualTo("OK");
      assertThat(value(map, 2)).isEqualTo(9);
      assertThat(delete(map, 0)).isEqualTo("OK");
      assertThat(update(map, 3, u64(3), 0)).isEqualTo("OK");
      assertThat(value(map, 3)).isEqualTo(3);
      assertThat(lookup(map, 0, 0)).isEqualTo("ENOENT");
    }
  }

  @TwinTest
  void keysOfAnySizeAreComparedWhole(Kernel kernel) {
    for (int size : new int[] {1, 2, 3, 5, 7, 8, 9, 12, 13, 24, 25, 100, 513}) {
      BpfMap map = kernel.createMap(MapSpec.of("k", MapType.HASH, size, 8, 300));
      MemorySegment key = room(size);
      for (int i = 0; i < Math.min(size, 200); i++) {
        key.fill((byte) 0);
        key.set(ValueLayout.JAVA_BYTE, size - 1 - i, (byte) 7);
        map.update(key, u64(i), MapFlags.NOEXIST);
      }
      MemorySegment value = room(8);
      for (int i = 0; i < Math.min(size, 200); i++) {
        key.fill((byte) 0);
        key.set(ValueLayout.JAVA_BYTE, size - 1 - i, (byte) 7);
        assertThat(map.lookup(key, value, 0)).isTrue();
        assertThat(value.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isEqualTo(i);
      }
      key.fill((byte) 0);
      assertThat(map.lookup(key, value, 0)).isFalse();
    }
  }

  @TwinTest
  void withAZeroSeedTheOrderIsThatOfTheKeysHashesAndTheNewestInABucketIsFirst(Kernel kernel) {
    BpfMap map = kernel.createMap(hash(8).withFlags(MapFlags.ZERO_SEED));
    for (long key : new long[] {1, 9, 17, 2, 100, 7, 33, 1000}) {
      map.update(u32(key), u64(key), 0);
    }
    assertThat(keys(map)).containsExactlyElementsOf(ZERO_SEED_ORDER);
    keys(map).forEach(key -> map.update(u32(key), u64(0), 0));
    assertThat(keys(map)).containsExactlyElementsOf(AFTER_UPDATES_IN_THAT_ORDER);
  }

  private static final List<Integer> ZERO_SEED_ORDER = List.of(33, 7, 2, 1, 1000, 100, 9, 17);
  private static final List<Integer> AFTER_UPDATES_IN_THAT_ORDER =
      List.of(33, 2, 7, 1, 100, 1000, 9, 17);

  @TwinTest
  void theKeyAfterOneThatIsNotThereIsTheFirst(Kernel kernel) {
    BpfMap map = kernel.createMap(hash(8));
    for (long key = 0; key < 5; key++) {
      map.update(u32(key), u64(key), 0);
    }
    List<Integer> keys = keys(map);
    assertThat(next(map, 77L)).isEqualTo(keys.getFirst().toString());
    map.delete(u32(keys.get(2)));
    assertThat(next(map, (long) keys.get(2))).isEqualTo(keys.getFirst().toString());
    assertThat(next(map, (long) keys.get(1))).isEqualTo(keys.get(3).toString());
    assertThat(next(map, (long) keys.getLast())).isEqualTo("ENOENT");
  }

  @TwinTest
  void aLookupWithDeletionGivesTheLastValue(Kernel kernel) {
    for (MapType type : new MapType[] {MapType.HASH, MapType.PERCPU_HASH}) {
      BpfMap map = kernel.createMap(hash(4).withType(type));
      MemorySegment value = room(map.userValueSize());
      value.fill((byte) 5);
      map.update(u32(1), value, 0);
      MemorySegment last = room(map.userValueSize());
      assertThat(map.lookupAndDelete(u32(1), last, 0)).isTrue();
      assertThat(last.mismatch(value)).isEqualTo(-1);
      assertThat(map.lookupAndDelete(u32(1), last, 0)).isFalse();
      for (long flags : new long[] {1, 2, 4, 8}) {
        assertThat(answer(() -> map.lookupAndDelete(u32(1), last, flags))).isEqualTo("EINVAL");
      }
    }
  }

  @TwinTest
  void aPerCpuHashHasAValueForEachCpu(Kernel kernel) {
    for (int flags : PREALLOCATION) {
      BpfMap map = kernel.createMap(MapSpec.of("p", MapType.PERCPU_HASH, 4, 5, 2).withFlags(flags));
      int cpus = kernel.possibleCpus();
      assertThat(map.userValueSize()).isEqualTo(8 * cpus);
      long[] values = new long[cpus];
      for (int cpu = 0; cpu < cpus; cpu++) {
        values[cpu] = 0x0102030405060708L + cpu;
      }
      map.update(u32(1), u64(values), 0);
      MemorySegment seen = room(8 * cpus);
      assertThat(map.lookup(u32(1), seen, 0)).isTrue();
      assertThat(seen.mismatch(u64(values))).isEqualTo(-1);
    }
  }

  @TwinTest
  void frozenAndOneSidedHashesRefuse(Kernel kernel) {
    BpfMap frozen = kernel.createMap(hash(2));
    frozen.update(u32(1), u64(1), 0);
    frozen.freeze();
    MemorySegment out = room(8);
    assertThat(update(frozen, 1, u64(1), 0)).isEqualTo("EPERM");
    assertThat(delete(frozen, 1)).isEqualTo("EPERM");
    assertThat(answer(() -> frozen.lookupAndDelete(u32(1), out, 0))).isEqualTo("EPERM");
    assertThat(answer(() -> frozen.deleteBatch(u32(1), 1, 0))).isEqualTo("EPERM");
    assertThat(lookup(frozen, 1, 0)).isEqualTo("OK");
    BpfMap readOnly = kernel.createMap(hash(2).withFlags(MapFlags.RDONLY));
    assertThat(update(readOnly, 1, u64(1), 0)).isEqualTo("EPERM");
    assertThat(answer(() -> readOnly.lookupAndDelete(u32(1), out, 0))).isEqualTo("EPERM");
    BpfMap writeOnly = kernel.createMap(hash(2).withFlags(MapFlags.WRONLY));
    assertThat(lookup(writeOnly, 1, 0)).isEqualTo("EPERM");
    assertThat(answer(() -> writeOnly.lookupAndDelete(u32(1), out, 0))).isEqualTo("EPERM");
    assertThat(next(writeOnly, null)).isEqualTo("EPERM");
    assertThat(answer(() -> frozen.mmap(0, 4096, false))).isEqualTo("ENOTSUPP");
  }

  @TwinTest
  void aBatchGivesWholeBucketsAndEndsAtTheLast(Kernel kernel) {
    BpfMap map = kernel.createMap(hash(16).withFlags(MapFlags.ZERO_SEED));
    for (long key = 0; key < 13; key++) {
      map.update(u32(key), u64(key * 3), 0);
    }
    List<String> steps = new ArrayList<>();
    Set<Integer> seen = new HashSet<>();
    MemorySegment cursor = room(4);
    boolean begun = false;
    boolean end = false;
    while (!end) {
      MemorySegment keys = room(4 * 5);
      MemorySegment values = room(8 * 5);
      Batch batch = map.lookupBatch(begun ? cursor : null, cursor, keys, values, 5, 0);
      for (int i = 0; i < batch.count(); i++) {
        int key = keys.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i);
        assertThat(values.getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i)).isEqualTo(key * 3L);
        seen.add(key);
      }
      begun = true;
      end = batch.end();
      steps.add(batch.count() + " to " + cursor.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
    }
    assertThat(seen).hasSize(13);
    assertThat(steps).containsExactlyElementsOf(BATCH_STEPS);
  }

  private static final List<String> BATCH_STEPS = List.of("4 to 10", "4 to 13", "5 to 16");

  @TwinTest
  void aBatchWithoutRoomForABucketIsRefused(Kernel kernel) {
    BpfMap map = kernel.createMap(hash(64).withFlags(MapFlags.ZERO_SEED));
    for (long key = 0; key < 64; key++) {
      map.update(u32(key), u64(key), 0);
    }
    List<String> answers = new ArrayList<>();
    for (int bucket = 0; bucket < 66; bucket++) {
      answers.add(batch(map, u32(bucket), 1));
    }
    assertThat(answers).contains("ENOSPC").element(64).isEqualTo("0 end");
    assertThat(answers.get(65)).isEqualTo("0 end");
    assertThat(batch(map, u32(-1), 1)).isEqualTo("0 end");
    assertThat(batch(map, null, 0)).isEqualTo("0");
  }

  @TwinTest
  void aBatchMayDelete(Kernel kernel) {
    for (MapType type : new MapType[] {MapType.HASH, MapType.PERCPU_HASH}) {
      BpfMap map = kernel.createMap(hash(16).withType(type));
      MemorySegment value = room(map.userValueSize());
      for (long key = 0; key < 10; key++) {
        map.update(u32(key), value, 0);
      }
      MemorySegment some = MemorySegment.ofArray(new int[] {3, 4, 77, 5});
      Batch stopped = map.deleteBatch(some, 4, 0);
      assertThat(stopped.count()).isEqualTo(2);
      assertThat(stopped.error()).hasMessageContaining("ENOENT");
      assertThat(answer(() -> map.deleteBatch(u32(77), 1, 0))).isEqualTo("ENOENT");
      assertThat(keys(map)).hasSize(8).doesNotContain(3, 4);
      Batch all =
          map.lookupAndDeleteBatch(
              null, room(4), room(4 * 16), room(map.userValueSize() * 16), 16, 0);
      assertThat(all.count()).isEqualTo(8);
      assertThat(all.end()).isTrue();
      assertThat(keys(map)).isEmpty();
      assertThat(update(map, 1, value, 0)).isEqualTo("OK");
    }
  }

  @TwinTest
  void aBatchUpdateStopsAtTheKeyForWhichThereIsNoRoom(Kernel kernel) {
    BpfMap map = kernel.createMap(hash(3));
    Batch batch =
        map.updateBatch(MemorySegment.ofArray(new int[] {1, 2, 1, 3, 4, 5}), room(8 * 6), 6, 0);
    assertThat(batch.count()).isEqualTo(4);
    assertThat(batch.error()).hasMessageContaining("E2BIG");
    for (long flags : new long[] {1, 2, 4, 8}) {
      assertThat(answer(() -> map.updateBatch(u32(1), room(8), 1, flags))).isEqualTo("EINVAL");
      assertThat(answer(() -> map.deleteBatch(u32(1), 1, flags))).isEqualTo("EINVAL");
      assertThat(answer(() -> map.lookupBatch(null, room(4), room(4), room(8), 1, flags)))
          .isEqualTo("EINVAL");
    }
  }

  private static MapSpec hash(int entries) {
    return MapSpec.of("h", MapType.HASH, 4, 8, entries);
  }

  private static String batch(BpfMap map, @Nullable MemorySegment in, int count) {
    String[] given = new String[1];
    String answer =
        answer(() -> {
          Batch batch = map.lookupBatch(in, room(4), room(4 * count), room(8 * count), count, 0);
          given[0] = batch.count() + (batch.end() ? " end" : "");
        });
    return answer.equals("OK") ? given[0] : answer;
  }

  /** The keys, in the order in which a walk finds them. */
  private static List<Integer> keys(BpfMap map) {
    List<Integer> keys = new ArrayList<>();
    MemorySegment key = room(4);
    MemorySegment next = room(4);
    for (boolean more = map.nextKey(null, next); more; more = map.nextKey(key, next)) {
      keys.add(next.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
      key.copyFrom(next);
    }
    return keys;
  }
}
