package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static io.ebpf4j.conformance.Elements.delete;
import static io.ebpf4j.conformance.Elements.lookup;
import static io.ebpf4j.conformance.Elements.next;
import static io.ebpf4j.conformance.Elements.room;
import static io.ebpf4j.conformance.Elements.u32;
import static io.ebpf4j.conformance.Elements.update;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.junit.LeaksAllowed;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Creation and elements of HASH_OF_MAPS. */
@LeaksAllowed
class HashOfMapsTwinTest {
  private static final MapSpec INNER = MapSpec.of("inner", MapType.HASH, 4, 8, 2);

  @TwinTest
  void valuesAreDescriptorsAndTheTemplateIsNoMapOfMaps(Kernel kernel) {
    MapSpec spec = outer(4);
    assertThat(answer(() -> kernel.createMap(spec))).isEqualTo("OK");
    assertThat(answer(() -> kernel.createMap(spec.withKeySize(13)))).isEqualTo("OK");
    assertThat(answer(() -> kernel.createMap(spec.withFlags(MapFlags.NO_PREALLOC))))
        .isEqualTo("OK");
    assertThat(answer(() -> kernel.createMap(spec.withFlags(MapFlags.RDONLY_PROG))))
        .isEqualTo("OK");
    assertThat(answer(() -> kernel.createMap(spec.withValueSize(8)))).isEqualTo("EINVAL");
    assertThat(answer(() -> kernel.createMap(spec.withMaxEntries(0)))).isEqualTo("EINVAL");
    assertThat(answer(() -> kernel.createMap(spec.withFlags(MapFlags.NO_COMMON_LRU))))
        .isEqualTo("EINVAL");
    BtfBuilder types = new BtfBuilder();
    int u32 = types.unsigned("u32", 4);
    assertThat(answer(() -> kernel.createMap(spec.withTypes(types.build(), u32, u32))))
        .isEqualTo("ENOTSUPP");
    assertThat(answer(() -> kernel.createMap(spec.withInner(outer(1))))).isEqualTo("EINVAL");
    MapSpec programs = MapSpec.of("p", MapType.PROG_ARRAY, 4, 4, 2);
    assertThat(answer(() -> kernel.createMap(spec.withInner(programs)))).isEqualTo("ENOTSUPP");
  }

  @TwinTest
  void anInnerMapIsGivenByItsDescriptorAndSeenByItsId(Kernel kernel) {
    BpfMap map = kernel.createMap(outer(2));
    BpfMap inner = kernel.createMap(INNER);
    BpfMap other = kernel.createMap(INNER.withMaxEntries(9));
    assertThat(update(map, 7, u32(inner.fd()), 0)).isEqualTo("OK");
    assertThat(id(map, 7)).isEqualTo(inner.id());
    assertThat(update(map, 7, u32(other.fd()), MapFlags.NOEXIST)).isEqualTo("EEXIST");
    assertThat(update(map, 8, u32(other.fd()), MapFlags.EXIST)).isEqualTo("ENOENT");
    assertThat(update(map, 7, u32(other.fd()), MapFlags.EXIST)).isEqualTo("OK");
    assertThat(id(map, 7)).isEqualTo(other.id());
    assertThat(update(map, 8, u32(inner.fd()), 0)).isEqualTo("OK");
    assertThat(update(map, 9, u32(inner.fd()), 0)).isEqualTo("E2BIG");
    assertThat(update(map, 7, u32(9999), 0)).isEqualTo("EBADF");
    assertThat(update(map, 7, u32(9999), 8)).isEqualTo("EBADF");
    assertThat(update(map, 7, u32(inner.fd()), 8)).isEqualTo("EINVAL");
    assertThat(update(map, 7, u32(inner.fd()), 4)).isEqualTo("EINVAL");
    BpfMap wrong = kernel.createMap(INNER.withValueSize(4));
    assertThat(update(map, 7, u32(wrong.fd()), 0)).isEqualTo("EINVAL");
    assertThat(lookup(map, 10, 0)).isEqualTo("ENOENT");
    assertThat(delete(map, 10)).isEqualTo("ENOENT");
    assertThat(delete(map, 7)).isEqualTo("OK");
    assertThat(lookup(map, 7, 0)).isEqualTo("ENOENT");
    assertThat(answer(() -> map.lookupAndDelete(u32(8), room(4), 0))).isEqualTo("ENOTSUPP");
  }

  @TwinTest
  void anInnerMapLivesAsLongAsItIsInside(Kernel kernel) {
    BpfMap map = kernel.createMap(outer(2));
    BpfMap inner = kernel.createMap(INNER);
    int id = inner.id();
    map.update(u32(1), u32(inner.fd()), 0);
    inner.close();
    kernel.mapById(id).orElseThrow().close();
    map.delete(u32(1));
    assertThat(kernel.mapById(id)).isEmpty();
  }

  @TwinTest
  void anUpdateKeepsThePlaceInTheOrder(Kernel kernel) {
    BpfMap map = kernel.createMap(outer(2).withFlags(MapFlags.ZERO_SEED));
    BpfMap inner = kernel.createMap(INNER);
    // Both keys are in the same one of two buckets.
    map.update(u32(1), u32(inner.fd()), 0);
    map.update(u32(7), u32(inner.fd()), 0);
    String first = next(map, null);
    String second = next(map, Long.valueOf(first));
    map.update(u32(Long.parseLong(second)), u32(inner.fd()), 0);
    assertThat(next(map, null)).isEqualTo(first);
    assertThat(next(map, Long.valueOf(second))).isEqualTo("ENOENT");
  }

  @TwinTest
  void aBatchGivesIdsAndDeletes(Kernel kernel) {
    BpfMap map = kernel.createMap(outer(8));
    BpfMap inner = kernel.createMap(INNER);
    MemorySegment keys = MemorySegment.ofArray(new int[] {1, 2, 3});
    MemorySegment fds = MemorySegment.ofArray(new int[] {inner.fd(), inner.fd(), inner.fd()});
    assertThat(map.updateBatch(keys, fds, 3, 0).count()).isEqualTo(3);
    MemorySegment ids = room(4 * 8);
    BpfMap.Batch batch = map.lookupAndDeleteBatch(null, room(4), room(4 * 8), ids, 8, 0);
    assertThat(batch.count()).isEqualTo(3);
    for (int i = 0; i < 3; i++) {
      assertThat(ids.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i)).isEqualTo(inner.id());
    }
    assertThat(next(map, null)).isEqualTo("ENOENT");
  }

  private static MapSpec outer(int entries) {
    return MapSpec.of("outer", MapType.HASH_OF_MAPS, 4, 4, entries).withInner(INNER);
  }

  private static int id(BpfMap map, long key) {
    MemorySegment value = room(4);
    map.lookup(u32(key), value, 0);
    return value.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
  }
}
