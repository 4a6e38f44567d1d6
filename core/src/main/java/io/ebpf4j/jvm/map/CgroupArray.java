package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** CGROUP_ARRAY: control groups, for tests whether something is under one. */
public final class CgroupArray extends FdArray<Cgroup> {
  private CgroupArray(
      Machine machine,
      MapSpec spec,
      int id,
      Block struct,
      ArrayLayout layout,
      AtomicReferenceArray<@Nullable Cgroup> entries) {
    super(machine, spec, id, struct, layout, entries);
  }

  static CgroupArray create(Machine machine, MapSpec spec, int id) {
    ArrayLayout layout = ArrayLayout.of(spec);
    AtomicReferenceArray<@Nullable Cgroup> entries = allocate(layout);
    Block struct = ArrayElements.allocateStruct(machine, spec, id, layout);
    return machine
        .slots()
        .get(MapTable.SLOT)
        .add(new CgroupArray(machine, spec, id, struct, layout, entries));
  }

  /** The group at an index, a u32, or null where there is none or the index is past the end. */
  public @Nullable Cgroup group(int index) {
    return entry(index);
  }

  @Override
  Cgroup hold(int fd) {
    return held(fd, Cgroup.class)
        .orElseThrow(() -> refusal(Errno.EBADF, "descriptor %d is no cgroup".formatted(fd)));
  }

  @Override
  protected boolean get(MemorySegment key, MemorySegment value, long flags) {
    throw refusal(Errno.ENOTSUPP, "the elements of CGROUP_ARRAY cannot be looked up");
  }

  @Override
  int userValue(Cgroup entry) {
    throw new IllegalStateException("a cgroup has no value for users");
  }
}
