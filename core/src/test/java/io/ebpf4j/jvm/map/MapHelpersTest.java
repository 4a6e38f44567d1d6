package io.ebpf4j.jvm.map;

import static io.ebpf4j.jvm.map.TestKernel.get;
import static io.ebpf4j.jvm.map.TestKernel.put;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.jvm.cpu.Activation;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MapHelpersTest {
  private final TestKernel kernel = new TestKernel();
  private final JvmMap map = kernel.create(MapSpec.array("cnt", 8, 4));
  private final JvmMap other = kernel.create(MapSpec.array("other", 8, 2));
  private final Cpu cpu = kernel.cpu();

  @BeforeEach
  void enter() {
    cpu.enter();
  }

  @AfterEach
  void close() {
    cpu.exit();
    kernel.close();
  }

  @Test
  void helpersFindTheMapByItsAddress() {
    MapHelpers.mapUpdateElem(cpu, other.address(), kernel.rawKey(1), kernel.rawValue(8), 0);
    assertThat(get(other, 1)).isEqualTo(8);
    assertThat(get(map, 1)).isZero();
    long value = MapHelpers.mapLookupElem(cpu, other.address(), kernel.rawKey(1));
    assertThat(Memory.getLong(value)).isEqualTo(8);
    assertThat(MapHelpers.mapDeleteElem(cpu, map.address(), kernel.rawKey(1)))
        .isEqualTo(-Errno.EINVAL.number());
    assertThat(MapHelpers.mapLookupPercpuElem(cpu, map.address(), kernel.rawKey(1), 0)).isZero();
  }

  @Test
  void forEachVisitsAllElementsInOrderAndGivesTheirNumber() {
    put(map, 2, 30);
    List<List<Long>> calls = new ArrayList<>();
    long visited =
        whileRunning(
            (mapAddress, key, value, context) -> {
              calls.add(
                  List.of(mapAddress, (long) Memory.getInt(key), Memory.getLong(value), context));
              return 0;
            },
            0);
    assertThat(visited).isEqualTo(4);
    assertThat(calls)
        .containsExactly(
            List.of(map.address(), 0L, 0L, 77L),
            List.of(map.address(), 1L, 0L, 77L),
            List.of(map.address(), 2L, 30L, 77L),
            List.of(map.address(), 3L, 0L, 77L));
  }

  @Test
  void forEachStopsWhenTheCallbackGivesOne() {
    assertThat(whileRunning((m, key, value, context) -> Memory.getInt(key) == 1 ? 1 : 0, 0))
        .isEqualTo(2);
  }

  @Test
  void forEachTakesNoFlags() {
    assertThat(whileRunning((m, key, value, context) -> 0, 1)).isEqualTo(-Errno.EINVAL.number());
  }

  @Test
  void aWalkInsideAWalkHasItsOwnKey() {
    List<Integer> keys = new ArrayList<>();
    whileRunning(
        (m, key, value, context) -> {
          if (m == map.address()) {
            MapHelpers.forEachMapElem(cpu, other.address(), 1, 0, 0);
            keys.add(Memory.getInt(key));
          }
          return 0;
        },
        0);
    assertThat(keys).containsExactly(0, 1, 2, 3);
  }

  private long whileRunning(Callback callback, long flags) {
    cpu.activate(
        new Activation() {
          @Override
          public long call(Cpu on, long function, long r1, long r2, long r3, long r4, long r5) {
            return callback.call(r1, r2, r3, r4);
          }

          @Override
          public long tailCall(long context, long calledMap, long index) {
            throw new UnsupportedOperationException("nothing is tail-called");
          }

          @Override
          public BoundFunction bind(long function) {
            throw new UnsupportedOperationException("nothing is called later");
          }
        });
    try {
      return MapHelpers.forEachMapElem(cpu, map.address(), 1, 77, flags);
    } finally {
      cpu.activate(null);
    }
  }

  private interface Callback {
    long call(long map, long key, long value, long context);
  }
}
