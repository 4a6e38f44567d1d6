package io.ebpf4j.conformance;

import static io.ebpf4j.conformance.Elements.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.btf.BtfType.DeclarationTag;
import io.ebpf4j.btf.BtfType.TypeTag;
import io.ebpf4j.junit.TwinTest;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import org.junit.jupiter.api.Test;

/** Lists, trees and user pointers in the values of arrays: where Linux takes them for what. */
class SpecialFieldsTwinTest {
  private static final String TAG = "contains:item:node";

  @TwinTest
  void aListWithoutItsTagIsAnOrdinaryValue(Kernel kernel) {
    for (String tag : new String[] {"", "contains:nothing:node", "contains:item:other", "x"}) {
      // Not even the lock beside it is special then: such a map can be frozen.
      try (BpfMap map = kernel.createMap(listed(MapType.ARRAY, "bpf_list_head", true, tag))) {
        assertThat(answer(map::freeze)).as(tag).isEqualTo("OK");
      }
    }
  }

  @TwinTest
  void aListWithoutALockIsAnOrdinaryValue(Kernel kernel) {
    MapSpec spec = listed(MapType.PERCPU_ARRAY, "bpf_list_head", false, TAG);
    try (BpfMap map = kernel.createMap(spec)) {
      assertThat(answer(map::freeze)).isEqualTo("OK");
    }
  }

  @TwinTest
  void perCpuValuesHaveNoLists(Kernel kernel) {
    for (String root : new String[] {"bpf_list_head", "bpf_rb_root"}) {
      assertThat(answer(() -> kernel.createMap(listed(MapType.PERCPU_ARRAY, root, true, TAG))))
          .isEqualTo("ENOTSUP");
    }
  }

  @TwinTest
  void arraysHaveNoUserPointers(Kernel kernel) {
    BtfBuilder types = new BtfBuilder();
    int u32 = types.unsigned("u32", 4);
    int item = types.struct("item", s -> s.member("x", u32));
    int pointer = types.pointer(types.add(new TypeTag("uptr", item, false)));
    int value = types.struct("value", s -> s.member("p", pointer));
    MapSpec spec = MapSpec.array("a", 8, 1).withTypes(types.build(), u32, value);
    assertThat(answer(() -> kernel.createMap(spec))).isEqualTo("ENOTSUP");
    assertThat(answer(() -> kernel.createMap(spec.withType(MapType.PERCPU_ARRAY))))
        .isEqualTo("ENOTSUP");
  }

  @Test
  void listsAndTreesAreNotBuiltAndSaySo() {
    try (JvmKernel kernel = JvmKernel.create()) {
      for (String root : new String[] {"bpf_list_head", "bpf_rb_root"}) {
        assertThatThrownBy(() -> kernel.createMap(listed(MapType.ARRAY, root, true, TAG)))
            .hasMessageContaining("values with " + root + " are not built in the JVM kernel yet");
      }
    }
  }

  /** A map of values with a list or tree of items, and a lock or none. */
  private MapSpec listed(MapType type, String root, boolean locked, String tag) {
    BtfBuilder types = new BtfBuilder();
    int u32 = types.unsigned("u32", 4);
    int u64 = types.unsigned("u64", 8);
    int words = root.equals("bpf_list_head") ? 3 : 4;
    int node =
        types.struct(
            words == 3 ? "bpf_list_node" : "bpf_rb_node",
            s -> s.member("opaque", types.array(u64, words)));
    types.struct("item", s -> s.member("node", node).member("x", u64));
    int lock = types.struct("bpf_spin_lock", s -> s.member("val", u32));
    int head = types.struct(root, s -> s.member("opaque", types.array(u64, 2)));
    int value = types.struct("value", s -> s.member("head", head).member("l", locked ? lock : u32));
    if (!tag.isEmpty()) {
      types.add(new DeclarationTag(tag, value, 0, false));
    }
    return MapSpec.of("listed", type, 4, 24, 2).withTypes(types.build(), u32, value);
  }
}
