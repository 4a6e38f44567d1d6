package io.ebpf4j.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Codec;
import io.ebpf4j.TypedMap;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Elements that users read by index. */
class ReadInPlaceTest {
  private final JvmKernel kernel = JvmKernel.builder().cpus(1).build();
  private final BpfMap array = kernel.createMap(MapSpec.array("array", Long.BYTES, 4));

  @AfterEach
  void close() {
    kernel.close();
  }

  @Test
  void anElementIsReadWhereItLies() {
    array.update(new byte[] {3, 0, 0, 0}, new byte[] {1, 2, 0, 0, 0, 0, 0, 0});

    assertThat(array.readLong(3)).isEqualTo(0x201);
    assertThat(array.<Byte>read(3, bytes -> bytes.get(ValueLayout.JAVA_BYTE, 1)))
        .isEqualTo((byte) 2);
    assertThat(TypedMap.of(array, Codec.int32(), Codec.int64()).get(3)).contains(0x201L);
  }

  @Test
  void theReaderCannotWrite() {
    assertThatThrownBy(() -> array.read(0, bytes -> bytes.fill((byte) 1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void pastTheEndIsNothing() {
    assertThat(array.<Object>read(4, bytes -> bytes)).isNull();
    assertThat(array.<Object>read(-1, bytes -> bytes)).isNull();
    assertThatThrownBy(() -> array.readLong(-1))
        .isInstanceOfSatisfying(
            BpfException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
        .hasMessageContaining("no element 4294967295");
  }

  @Test
  void otherMapsAreReadByCopy() {
    BpfMap perCpu =
        kernel.createMap(MapSpec.of("percpu", MapType.PERCPU_ARRAY, Integer.BYTES, Long.BYTES, 2));
    perCpu.update(new byte[4], new byte[] {7, 0, 0, 0, 0, 0, 0, 0});

    assertThat(perCpu.readLong(0)).isEqualTo(7);
  }

  @Test
  void valuesOfAnotherSizeAreNoNumbers() {
    BpfMap wide = kernel.createMap(MapSpec.array("wide", 16, 1));
    assertThatThrownBy(() -> wide.readLong(0)).hasMessageContaining("values of 16 bytes");
  }

  @Test
  void aHandleThatMayNotReadDoesNot() {
    BpfMap writeOnly =
        kernel.createMap(MapSpec.array("wo", Long.BYTES, 1).withFlags(MapFlags.WRONLY));
    assertThatThrownBy(() -> writeOnly.readLong(0))
        .isInstanceOfSatisfying(
            BpfException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPERM));
  }

  @Test
  void aClosedHandleReadsNothing() {
    array.close();
    assertThatThrownBy(() -> array.readLong(0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> array.read(0, bytes -> bytes))
        .isInstanceOf(IllegalStateException.class);
  }
}
