package io.ebpf4j.jvm.map;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.btf.BtfType.Array;
import io.ebpf4j.btf.BtfType.Composite;
import io.ebpf4j.btf.BtfType.DataSection;
import io.ebpf4j.btf.BtfType.Forward;
import io.ebpf4j.btf.BtfType.Int;
import io.ebpf4j.btf.BtfType.Linkage;
import io.ebpf4j.btf.BtfType.Member;
import io.ebpf4j.btf.BtfType.Modifier;
import io.ebpf4j.btf.BtfType.Pointer;
import io.ebpf4j.btf.BtfType.Qualifier;
import io.ebpf4j.btf.BtfType.SectionVariable;
import io.ebpf4j.btf.BtfType.TypeTag;
import io.ebpf4j.btf.BtfType.Typedef;
import io.ebpf4j.btf.BtfType.Variable;
import io.ebpf4j.btf.BtfType.VoidType;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.util.ArrayList;
import java.util.List;

/** Types of values, made up by hand: a few that all have, and what a test adds. */
final class ValueTypes {
  static final int U32 = 1;
  static final int U64 = 2;
  static final int LOCK = 3;
  static final int TIMER = 4;
  static final int TASK = 5;
  static final int TAGGED_TASK = 6;
  static final int KPTR = 7;

  private final List<BtfType> types = new ArrayList<>();

  ValueTypes() {
    types.add(new VoidType());
    types.add(new Int("u32", 4, 32, 0, false, false, false));
    types.add(new Int("u64", 8, 64, 0, false, false, false));
    struct("bpf_spin_lock", 4, member("val", U32, 0));
    struct("bpf_timer", 16, member("a", U64, 0), member("b", U64, 8));
    struct("task_struct", 4, member("pid", U32, 0));
    types.add(new TypeTag("kptr", TASK, false));
    types.add(new Pointer(TAGGED_TASK));
  }

  static Member member(String name, int type, int offset) {
    return new Member(name, type, offset * 8, 0);
  }

  int struct(String name, int size, Member... members) {
    return add(new Composite(name, false, size, List.of(members)));
  }

  int union(String name, int size, Member... members) {
    return add(new Composite(name, true, size, List.of(members)));
  }

  int array(int element, int length) {
    return add(new Array(element, U32, length));
  }

  int typedef(String name, int target) {
    return add(new Typedef(name, target));
  }

  int volatileOf(int target) {
    return add(new Modifier(Qualifier.VOLATILE, target));
  }

  int pointerToTagged(String tag, int target) {
    return add(new Pointer(add(new TypeTag(tag, target, false))));
  }

  int forward(String name) {
    return add(new Forward(name, false));
  }

  /** A section with one variable at its start. */
  int section(int type, int size) {
    int variable = add(new Variable("global", type, Linkage.GLOBAL));
    return add(new DataSection(".bss", size, List.of(new SectionVariable(variable, 0, size))));
  }

  /** A map of four elements of that type and size. */
  MapSpec map(MapType mapType, int type, int size) {
    return MapSpec.of("typed", mapType, 4, size, 4).withTypes(new Btf(types), U32, type);
  }

  MapSpec array(MapType mapType, int type, int size, int keyType) {
    return map(mapType, type, size).withTypes(new Btf(types), keyType, type);
  }

  private int add(BtfType type) {
    types.add(type);
    return types.size() - 1;
  }
}
