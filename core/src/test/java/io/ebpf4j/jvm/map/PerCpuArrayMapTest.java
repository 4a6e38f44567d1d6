package io.ebpf4j.jvm.map;

import static io.ebpf4j.jvm.map.Refusals.refuses;
import static io.ebpf4j.jvm.map.TestKernel.key;
import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PerCpuArrayMapTest {
  private final TestKernel kernel = new TestKernel();
  private final JvmMap map =
      kernel.create(MapSpec.array("cnt", 4, 3).withType(MapType.PERCPU_ARRAY));

  @AfterEach
  void close() {
    kernel.close();
  }

  @Test
  void theUserSeesEveryCpusValuePaddedToEightBytes() {
    byte[] both = HexFormat.of().parseHex("01000000ffffffff02000000ffffffff");
    map.user().update(key(2), MemorySegment.ofArray(both), MapFlags.ANY);
    byte[] read = new byte[16];
    assertThat(map.userValueSize()).isEqualTo(16);
    assertThat(map.user().lookup(key(2), MemorySegment.ofArray(read), 0)).isTrue();
    assertThat(read).isEqualTo(both);
  }

  @Test
  void aProgramSeesItsOwnCpusValueOrAnothersByNumber() {
    byte[] both = HexFormat.of().parseHex("01000000000000000200000000000000");
    map.user().update(key(1), MemorySegment.ofArray(both), MapFlags.ANY);
    long rawKey = kernel.rawKey(1);
    long own = map.lookup(kernel.machine.cpus().get(1), rawKey);
    assertThat(Memory.getInt(own)).isEqualTo(2);
    assertThat(Memory.getInt(map.lookupOn(0, rawKey))).isEqualTo(1);
    assertThat(map.lookupOn(1, rawKey)).isEqualTo(own);
    assertThat(map.lookupOn(2, rawKey)).isZero();
    assertThat(map.lookupOn(-1, rawKey)).isZero();
    assertThat(map.lookupOn(0, kernel.rawKey(3))).isZero();
  }

  @Test
  void aProgramUpdatesItsOwnCpusValueAndNothingBehindIt() {
    assertThat(map.update(kernel.machine.cpus().get(1), kernel.rawKey(0), kernel.rawValue(-1), 0))
        .isZero();
    byte[] read = new byte[16];
    map.user().lookup(key(0), MemorySegment.ofArray(read), 0);
    assertThat(HexFormat.of().formatHex(read)).isEqualTo("0000000000000000ffffffff00000000");
  }

  @Test
  void updatesPastTheEndAreTooBig() {
    MemorySegment value = MemorySegment.ofArray(new byte[16]);
    refuses(Errno.E2BIG, () -> map.user().update(key(3), value, MapFlags.ANY));
    refuses(Errno.EEXIST, () -> map.user().update(key(0), value, MapFlags.NOEXIST));
    refuses(Errno.EINVAL, () -> map.user().update(key(0), value, 16));
    refuses(Errno.EINVAL, () -> map.user().delete(key(0)));
  }

  @Test
  void valueAreasAreOneForEachCpu() {
    assertThat(map.valueAreas())
        .extracting(JvmMap.ValueArea::base)
        .containsExactly(map.lookupOn(0, kernel.rawKey(0)), map.lookupOn(1, kernel.rawKey(0)));
  }
}
