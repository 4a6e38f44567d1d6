package io.ebpf4j.jvm.map;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.btf.BtfKind;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MapStructsTest {
  private final TestKernel kernel = new TestKernel();
  private final Btf btf = types();

  @AfterEach
  void close() {
    kernel.close();
  }

  @Test
  void aProgramReadsTheMapThroughItsTypes() {
    JvmMap map =
        kernel.create(
            MapSpec.of("cnt", MapType.PERCPU_ARRAY, 4, 12, 5)
                .withFlags(MapFlags.RDONLY | MapFlags.RDONLY_PROG));
    assertThat(read(map, "bpf_map", "map_type")).isEqualTo(6);
    assertThat(read(map, "bpf_map", "key_size")).isEqualTo(4);
    assertThat(read(map, "bpf_map", "value_size")).isEqualTo(12);
    assertThat(read(map, "bpf_array", "map.max_entries")).isEqualTo(5);
    assertThat(read(map, "bpf_map", "map_flags")).isEqualTo(MapFlags.RDONLY_PROG);
    assertThat(read(map, "bpf_map", "id")).isEqualTo(map.id());
    assertThat(read(map, "bpf_map", "numa_node")).isEqualTo(-1);
    assertThat(read(map, "bpf_array", "elem_size")).isEqualTo(16);
    assertThat(read(map, "bpf_array", "index_mask")).isEqualTo(7);
    assertThat(read(map, "bpf_map", "name")).isEqualTo('c' | 'n' << 8 | 't' << 16);
    assertThat(map.structSize()).isEqualTo(btf.sizeOf(struct("bpf_array")));
  }

  @Test
  void freezingIsSeen() {
    JvmMap map = kernel.create(MapSpec.array("cnt", 8, 1));
    long frozen = map.address() + offset("bpf_map", "frozen");
    assertThat(Memory.getByte(frozen)).isZero();
    map.user().freeze();
    assertThat(Memory.getByte(frozen)).isEqualTo((byte) 1);
  }

  private static Btf types() {
    BtfBuilder types = new BtfBuilder();
    MapStructs.declare(types);
    return types.build();
  }

  private int read(JvmMap map, String struct, String path) {
    return Memory.getInt(map.address() + offset(struct, path));
  }

  private long offset(String struct, String path) {
    return btf.member(struct(struct), path).orElseThrow().bitOffset() / 8;
  }

  private int struct(String name) {
    return btf.find(name, BtfKind.STRUCT).orElseThrow();
  }
}
