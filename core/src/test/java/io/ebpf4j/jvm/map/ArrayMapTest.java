package io.ebpf4j.jvm.map;

import static io.ebpf4j.jvm.map.Refusals.refuses;
import static io.ebpf4j.jvm.map.TestKernel.get;
import static io.ebpf4j.jvm.map.TestKernel.key;
import static io.ebpf4j.jvm.map.TestKernel.put;
import static io.ebpf4j.jvm.map.TestKernel.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ArrayMapTest {
  private final TestKernel kernel = new TestKernel();
  private final JvmMap map = kernel.create(MapSpec.array("cnt", 8, 4));

  @AfterEach
  void close() {
    kernel.close();
  }

  @Test
  void elementsAreZeroFromTheStart() {
    assertThat(get(map, 0)).isZero();
    assertThat(get(map, 3)).isZero();
  }

  @Test
  void programAndUserSeeTheSameValue() {
    long address = map.lookup(kernel.cpu(), kernel.rawKey(2));
    Memory.putLong(address, 0x1122334455667788L);
    assertThat(get(map, 2)).isEqualTo(0x1122334455667788L);

    put(map, 2, 7);
    assertThat(Memory.getLong(address)).isEqualTo(7);
  }

  @Test
  void elementsLieOneAfterTheOtherRoundedUpToEightBytes() {
    JvmMap odd = kernel.create(MapSpec.array("odd", 9, 4));
    long first = odd.lookup(kernel.cpu(), kernel.rawKey(0));
    assertThat(odd.lookup(kernel.cpu(), kernel.rawKey(3))).isEqualTo(first + 3 * 16);
    assertThat(odd.valueAreas()).containsExactly(new JvmMap.ValueArea(first, 4, 16, 9, true, true));
  }

  @Test
  void lookupPastTheEndIsNullForProgramsAndAbsentForUsers() {
    assertThat(map.lookup(kernel.cpu(), kernel.rawKey(4))).isZero();
    assertThat(map.lookup(kernel.cpu(), kernel.rawKey(-1))).isZero();
    assertThat(get(map, 4)).isEqualTo(-1);
  }

  @Test
  void programUpdatesAnswerAsLinux() {
    assertThat(update(3, 5, MapFlags.ANY)).isZero();
    assertThat(get(map, 3)).isEqualTo(5);
    assertThat(update(3, 6, MapFlags.EXIST)).isZero();
    assertThat(update(3, 6, MapFlags.NOEXIST)).isEqualTo(-Errno.EEXIST.number());
    assertThat(update(4, 6, MapFlags.NOEXIST)).isEqualTo(-Errno.E2BIG.number());
    assertThat(update(4, 6, 3)).isEqualTo(-Errno.EINVAL.number());
    assertThat(update(3, 6, -1)).isEqualTo(-Errno.EINVAL.number());
    assertThat(update(3, 6, MapFlags.LOCK)).isEqualTo(-Errno.EINVAL.number());
    assertThat(map.delete(kernel.cpu(), kernel.rawKey(3))).isEqualTo(-Errno.EINVAL.number());
  }

  @Test
  void aMaskedArrayHasRoomForAPowerOfTwo() {
    JvmMap plain = kernel.create(MapSpec.array("plain", 8, 5));
    JvmMap masked = kernel.create(MapSpec.array("masked", 8, 5).withSpeculationMasked(true));
    assertThat(masked.memoryBytes() - plain.memoryBytes()).isEqualTo(3 * 8);
    assertThat(get(masked, 4)).isZero();
    assertThat(get(masked, 5)).isEqualTo(-1);
  }

  @Test
  void tenMillionCountersCostEightyMegabytesAndAConstant() {
    JvmMap large = kernel.create(MapSpec.array("large", 8, 10_000_000));
    assertThat(large.memoryBytes()).isBetween(80_000_000L, 80_000_200L);
    put(large, 9_999_999, 3);
    assertThat(get(large, 9_999_999)).isEqualTo(3);
    large.release();
  }

  @Test
  void memoryGoesAfterAGracePeriodOnly() {
    long address = map.lookup(kernel.cpu(), kernel.rawKey(0));
    kernel.cpu().enter();
    map.release();
    Memory.putLong(address, 1);
    assertThat(kernel.table.size()).isEqualTo(1);
    kernel.cpu().exit();
    kernel.machine.rcu().barrier();
    assertThat(kernel.table.size()).isZero();
  }

  @Test
  void useAfterTheEndIsAnIllegalState() {
    map.release();
    kernel.machine.rcu().barrier();
    assertThatThrownBy(() -> get(map, 0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aLookupBatchGoesOnWhereTheOneBeforeEnded() {
    for (int i = 0; i < 4; i++) {
      put(map, i, i + 1);
    }
    MemorySegment cursor = key(99);
    MemorySegment keys = MemorySegment.ofArray(new byte[12]);
    MemorySegment values = MemorySegment.ofArray(new byte[24]);

    var first = map.user().lookupBatch(null, cursor, keys, values, 3, 0);
    assertThat(first.count()).isEqualTo(3);
    assertThat(first.end()).isFalse();
    assertThat(cursor.mismatch(key(2))).isEqualTo(-1);
    assertThat(values.asSlice(16).mismatch(value(3))).isEqualTo(-1);

    var last = map.user().lookupBatch(cursor, cursor, keys, values, 3, 0);
    assertThat(last.count()).isEqualTo(1);
    assertThat(last.end()).isTrue();
    assertThat(keys.asSlice(0, 4).mismatch(key(3))).isEqualTo(-1);
    assertThat(values.asSlice(0, 8).mismatch(value(4))).isEqualTo(-1);

    var none = map.user().lookupBatch(cursor, cursor, keys, values, 3, 0);
    assertThat(none.count()).isZero();
    assertThat(none.end()).isTrue();
  }

  @Test
  void aBatchThatEndsAtTheLastElementDoesNotReportTheEnd() {
    var batch =
        map.user()
            .lookupBatch(
                null,
                key(0),
                MemorySegment.ofArray(new byte[16]),
                MemorySegment.ofArray(new byte[32]),
                4,
                0);
    assertThat(batch.count()).isEqualTo(4);
    assertThat(batch.end()).isFalse();
  }

  @Test
  void anUpdateBatchSaysHowFarItCame() {
    MemorySegment keys = MemorySegment.ofArray(new byte[12]);
    MemorySegment values = MemorySegment.ofArray(new byte[24]);
    keys.asSlice(4).copyFrom(key(9));
    values.copyFrom(value(5));

    var batch = map.user().updateBatch(keys, values, 3, 0);

    assertThat(batch.count()).isEqualTo(1);
    assertThat(batch.error()).isNotNull().hasMessageContaining("index 9 is past the end");
    assertThat(get(map, 0)).isEqualTo(5);
  }

  @Test
  void batchesTakeNoUpdateFlags() {
    for (long flags : List.of(1L, 2L, 3L, 4L, 8L)) {
      refuses(Errno.EINVAL, () -> map.user().updateBatch(key(0), value(0), 1, flags));
      refuses(Errno.EINVAL, () -> map.user().lookupBatch(null, key(0), key(0), value(0), 0, flags));
    }
  }

  @Test
  void freezingEndsUpdatesByUsersButNotByPrograms() {
    map.user().freeze();
    assertThat(map.frozen()).isTrue();
    refuses(Errno.EPERM, () -> put(map, 0, 1));
    refuses(Errno.EPERM, () -> map.user().delete(key(0)));
    refuses(Errno.EPERM, () -> map.user().lookupAndDelete(key(0), value(0), 0));
    refuses(Errno.EPERM, map.user()::freeze);
    assertThat(update(0, 1, MapFlags.ANY)).isZero();
    assertThat(get(map, 0)).isEqualTo(1);
  }

  @Test
  void bufferThatIsTooSmallIsNamed() {
    assertThatThrownBy(() -> map.user().update(key(0), key(0), 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("map cnt: 1 value of 8 bytes do not fit into 4 bytes");
  }

  private long update(int key, long value, long flags) {
    return map.update(kernel.cpu(), kernel.rawKey(key), kernel.rawValue(value), flags);
  }
}
