package io.ebpf4j.jvm.map;

import static io.ebpf4j.jvm.map.Refusals.refuses;
import static io.ebpf4j.jvm.map.TestKernel.get;
import static io.ebpf4j.jvm.map.TestKernel.put;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfMap.Mapping;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ArrayMappingTest {
  private final TestKernel kernel = new TestKernel();

  @AfterEach
  void close() {
    kernel.close();
  }

  @Test
  void aMappingIsTheProgramsOwnMemory() {
    JvmMap map = mappable(0);
    try (Mapping mapping = map.user().mmap(0, 4096, true)) {
      MemorySegment segment = mapping.segment();
      assertThat(segment.address() % 4096).isZero();
      long address = map.lookup(kernel.cpu(), kernel.rawKey(1));
      Memory.putLong(address, 5);
      assertThat(segment.get(JAVA_LONG, 8)).isEqualTo(5);
      segment.set(JAVA_LONG, 8, 6);
      assertThat(Memory.getLong(address)).isEqualTo(6);
    }
  }

  @Test
  void aPartOfTheValuesCanBeMapped() {
    JvmMap map = mappable(0);
    put(map, 513, 3);
    try (Mapping mapping = map.user().mmap(4096, 100, false)) {
      assertThat(mapping.segment().byteSize()).isEqualTo(100);
      assertThat(mapping.segment().get(JAVA_LONG, 8)).isEqualTo(3);
    }
  }

  @Test
  void rangesOutsideAreInvalid() {
    JvmMap map = mappable(0);
    refuses(Errno.EINVAL, () -> map.user().mmap(0, 8193, false));
    refuses(Errno.EINVAL, () -> map.user().mmap(8192, 1, false));
    refuses(Errno.EINVAL, () -> map.user().mmap(100, 100, false));
    refuses(Errno.EINVAL, () -> map.user().mmap(0, 0, false));
    refuses(Errno.EINVAL, () -> map.user().mmap(-4096, 8, false));
    refuses(Errno.EINVAL, () -> map.user().mmap(4096, Long.MAX_VALUE, false));
  }

  @Test
  void onlyMapsCreatedForItAreMapped() {
    JvmMap plain = kernel.create(MapSpec.array("plain", 8, 1000));
    refuses(Errno.EINVAL, () -> plain.user().mmap(0, 4096, false));
    JvmMap perCpu = kernel.create(MapSpec.array("percpu", 8, 4).withType(MapType.PERCPU_ARRAY));
    refuses(Errno.ENOTSUPP, () -> perCpu.user().mmap(0, 4096, false));
  }

  @Test
  void theUsersAccessDecidesAboutMappings() {
    JvmMap readOnly = mappable(MapFlags.RDONLY);
    refuses(Errno.EINVAL, () -> readOnly.user().mmap(0, 4096, false));
    refuses(Errno.EACCES, () -> readOnly.user().mmap(0, 4096, true));
    JvmMap writeOnly = mappable(MapFlags.WRONLY);
    refuses(Errno.EACCES, () -> writeOnly.user().mmap(0, 4096, false));
    refuses(Errno.EACCES, () -> writeOnly.user().mmap(0, 4096, true));
  }

  @Test
  void theProgramsAccessDecidesAboutWritableMappings() {
    JvmMap readByPrograms = mappable(MapFlags.RDONLY_PROG);
    refuses(Errno.EACCES, () -> readByPrograms.user().mmap(0, 4096, true));
    readByPrograms.user().mmap(0, 4096, false).close();
    mappable(MapFlags.WRONLY_PROG).user().mmap(0, 4096, true).close();
  }

  @Test
  void aWritableMappingKeepsTheMapFromFreezing() {
    JvmMap map = mappable(0);
    Mapping mapping = map.user().mmap(0, 4096, true);
    refuses(Errno.EBUSY, map.user()::freeze);
    mapping.close();
    mapping.close();
    map.user().freeze();
    refuses(Errno.EPERM, () -> map.user().mmap(0, 4096, true));
    map.user().mmap(0, 4096, false).close();
  }

  @Test
  void aRefusedMappingDoesNotKeepTheMapFromFreezing() {
    JvmMap map = mappable(0);
    refuses(Errno.EINVAL, () -> map.user().mmap(8192, 4096, true));
    map.user().freeze();
  }

  @Test
  void aReadOnlyMappingCannotBeWritten() {
    try (Mapping mapping = mappable(0).user().mmap(0, 4096, false)) {
      assertThat(mapping.segment().isReadOnly()).isTrue();
    }
  }

  @Test
  void aMappingHoldsTheMapAndIsDeadOnceClosed() {
    JvmMap map = mappable(0);
    put(map, 0, 9);
    Mapping mapping = map.user().mmap(0, 4096, false);
    map.release();
    kernel.machine.rcu().barrier();
    assertThat(mapping.segment().get(JAVA_LONG, 0)).isEqualTo(9);
    mapping.close();
    assertThatThrownBy(() -> mapping.segment().get(JAVA_LONG, 0))
        .isInstanceOf(IllegalStateException.class);
    kernel.machine.rcu().barrier();
    assertThatThrownBy(() -> get(map, 0)).isInstanceOf(IllegalStateException.class);
  }

  private JvmMap mappable(int flags) {
    return kernel.create(MapSpec.array("mapped", 8, 1000).withFlags(MapFlags.MMAPABLE | flags));
  }
}
