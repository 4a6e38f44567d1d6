package io.ebpf4j.jvm.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Descriptor;
import io.ebpf4j.Handle;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StorageWalkTest {
  @Test
  void theWalkVisitsEveryOwnerWithItsValue() {
    BtfBuilder types = new BtfBuilder();
    int number = types.unsigned("unsigned int", 4);
    MapSpec spec =
        MapSpec.of("values", MapType.CGRP_STORAGE, 4, 4, 0)
            .withFlags(MapFlags.NO_PREALLOC)
            .withTypes(types.build(), number, number);
    try (JvmKernel kernel = JvmKernel.create();
        BpfMap map = kernel.createMap(spec);
        Handle web = kernel.createCgroup(null, "web");
        Handle tenant = kernel.createCgroup(web, "tenant");
        Descriptor found = kernel.openCgroup("/web/tenant")) {
      map.update(number(web.fd()), number(1), 0);
      map.update(number(found.fd()), number(2), 0);
      assertThat(tenant.id()).isNotEqualTo(web.id());
      Map<String, Byte> seen = new HashMap<>();
      kernel.forEachValue(map, (owner, value) -> seen.put(owner, value[0]));
      assertThat(seen)
          .containsOnly(
              Map.entry("cgroup /web", (byte) 1), Map.entry("cgroup /web/tenant", (byte) 2));
      try (BpfMap array = kernel.createMap(MapSpec.of("array", MapType.ARRAY, 4, 4, 1))) {
        assertThatThrownBy(() -> kernel.forEachValue(array, (owner, value) -> {}))
            .isInstanceOf(BpfException.class)
            .hasMessageContaining("is no local storage");
      }
    }
  }

  private static MemorySegment number(int value) {
    return MemorySegment.ofArray(new int[] {value});
  }
}
