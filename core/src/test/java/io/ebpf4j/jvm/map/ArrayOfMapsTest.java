package io.ebpf4j.jvm.map;

import static io.ebpf4j.jvm.map.Refusals.refuses;
import static io.ebpf4j.jvm.map.TestKernel.get;
import static io.ebpf4j.jvm.map.TestKernel.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ArrayOfMapsTest {
  private static final MapSpec SHAPE = MapSpec.array("inner", 8, 4);

  private final TestKernel kernel = new TestKernel();
  private final JvmMap inner = kernel.create(SHAPE);
  private final JvmMap map = outer(SHAPE);

  @AfterEach
  void close() {
    kernel.close();
  }

  @Test
  void aProgramSeesTheInnerMapOrNull() {
    put(map, 1, inner);
    assertThat(map.lookup(kernel.cpu(), kernel.rawKey(1))).isEqualTo(inner.address());
    assertThat(map.lookup(kernel.cpu(), kernel.rawKey(0))).isZero();
    assertThat(map.lookup(kernel.cpu(), kernel.rawKey(4))).isZero();
    assertThat(kernel.table.get(map.lookup(kernel.cpu(), kernel.rawKey(1)))).isSameAs(inner);
    assertThat(get(map, 1)).isEqualTo(inner.id());
    map.user().delete(key(1));
    assertThat(map.lookup(kernel.cpu(), kernel.rawKey(1))).isZero();
  }

  @Test
  void theOldInnerMapLivesUntilItsReadersAreDone() throws InterruptedException {
    put(map, 0, inner);
    long value = inner.lookup(kernel.cpu(), kernel.rawKey(0));
    kernel.cpu().enter();
    inner.release();
    CountDownLatch deleted = new CountDownLatch(1);
    Thread user =
        Thread.ofPlatform()
            .start(() -> {
              map.user().delete(key(0));
              deleted.countDown();
            });
    assertThat(deleted.await(50, TimeUnit.MILLISECONDS)).isFalse();
    Memory.putLong(value, 1);
    kernel.cpu().exit();
    user.join();
    kernel.machine.rcu().barrier();
    assertThat(kernel.table.size()).isEqualTo(2);
  }

  @Test
  void aThreadOnACpuDoesNotWaitForItself() {
    kernel.cpu().enter();
    put(map, 0, inner);
    put(map, 0, kernel.create(SHAPE));
    kernel.cpu().exit();
  }

  @Test
  void innerMapsMustBeLikeTheTemplate() {
    refuses(Errno.EINVAL, () -> put(map, 0, kernel.create(SHAPE.withMaxEntries(5))));
    refuses(Errno.EINVAL, () -> put(map, 0, kernel.create(SHAPE.withValueSize(4))));
    refuses(Errno.EINVAL, () -> put(map, 0, kernel.create(SHAPE.withFlags(MapFlags.RDONLY_PROG))));
    refuses(Errno.EINVAL, () -> put(map, 0, kernel.create(SHAPE.withType(MapType.PERCPU_ARRAY))));
    refuses(Errno.EINVAL, () -> put(map, 0, map));
    put(map, 0, kernel.create(SHAPE.withFlags(MapFlags.RDONLY)));
  }

  @Test
  void aRefusedInnerMapIsNotHeld() {
    JvmMap other = kernel.create(SHAPE.withMaxEntries(5));
    refuses(Errno.EINVAL, () -> put(map, 0, other));
    other.release();
    kernel.machine.rcu().barrier();
    assertThat(kernel.table.size()).isEqualTo(3);
  }

  @Test
  void perCpuInnerMapsMayHaveAnyNumberOfElements() {
    MapSpec perCpu = SHAPE.withType(MapType.PERCPU_ARRAY);
    put(outer(perCpu), 0, kernel.create(perCpu.withMaxEntries(9)));
  }

  @Test
  void batchesLeaveEmptyElementsOut() {
    put(map, 2, inner);
    MemorySegment keys = MemorySegment.ofArray(new byte[16]);
    MemorySegment values = MemorySegment.ofArray(new byte[16]);
    MemorySegment cursor = key(0);
    var batch = map.user().lookupBatch(null, cursor, keys, values, 4, 0);
    assertThat(batch.count()).isEqualTo(1);
    assertThat(batch.end()).isTrue();
    assertThat(keys.asSlice(0, 4).mismatch(key(2))).isEqualTo(-1);
    assertThat(values.asSlice(0, 4).mismatch(key(inner.id()))).isEqualTo(-1);
    assertThat(cursor.mismatch(key(3))).isEqualTo(-1);
  }

  @Test
  void innerMapsGoWithTheOuterOne() {
    put(map, 0, inner);
    inner.release();
    map.release();
    kernel.machine.rcu().barrier();
    assertThat(kernel.table.size()).isEqualTo(1);
  }

  /** The template stays in the table: one map more. */
  private JvmMap outer(MapSpec shape) {
    return kernel.create(MapSpec.of("outer", MapType.ARRAY_OF_MAPS, 4, 4, 4), kernel.create(shape));
  }

  private void put(JvmMap into, int index, JvmMap map) {
    int fd = kernel.fds.open(map);
    try {
      into.user().update(key(index), key(fd), 0);
    } finally {
      kernel.fds.close(fd);
    }
  }
}
