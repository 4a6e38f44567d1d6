package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;

/**
 * PERCPU_ARRAY: a value for each index and possible CPU. The values of one CPU lie together, apart
 * from those of the others by whole cache lines.
 */
public final class PerCpuArrayMap extends ArrayElements {
  private static final long CACHE_LINE_BYTES = 64;

  private final long base;
  private final int cpus;
  private final long cpuStride;

  private PerCpuArrayMap(
      Machine machine,
      MapSpec spec,
      int id,
      SpecialFields fields,
      Block struct,
      ArrayLayout layout,
      Block values) {
    super(machine, spec, id, fields, struct, layout, values);
    this.base = values.address();
    this.cpus = machine.cpus().size();
    this.cpuStride = values.size() / cpus;
  }

  static PerCpuArrayMap create(Machine machine, MapSpec spec, int id, SpecialFields fields) {
    ArrayLayout layout = ArrayLayout.of(spec);
    long stride = (layout.bytes() + CACHE_LINE_BYTES - 1) & -CACHE_LINE_BYTES;
    Block values = Block.allocate(stride * machine.cpus().size(), CACHE_LINE_BYTES);
    Block struct = allocateStruct(machine, spec, id, layout);
    return machine
        .slots()
        .get(MapTable.SLOT)
        .add(new PerCpuArrayMap(machine, spec, id, fields, struct, layout, values));
  }

  @Override
  public List<ValueArea> valueAreas() {
    return IntStream.range(0, cpus)
        .mapToObj(cpu ->
            new ValueArea(
                base + cpu * cpuStride,
                layout.count(),
                layout.elementSize(),
                spec().valueSize(),
                (spec().flags() & MapFlags.WRONLY_PROG) == 0,
                (spec().flags() & MapFlags.RDONLY_PROG) == 0))
        .toList();
  }

  @Override
  public int userValueSize() {
    return Math.toIntExact(layout.elementSize() * cpus);
  }

  @Override
  public long lookupOn(int cpuNumber, long key) {
    long index = ArrayLayout.index(key);
    return cpuNumber >= 0 && cpuNumber < cpus && index < layout.count()
        ? valueAddress(cpuNumber, index)
        : 0;
  }

  @Override
  public LookupRecipe lookupRecipe() {
    return new LookupRecipe.PerCpuArray(base, layout.count(), layout.elementSize(), cpuStride);
  }

  @Override
  long valueAddress(Cpu cpu, long index) {
    return valueAddress(cpu.number(), index);
  }

  @Override
  protected boolean get(MemorySegment key, MemorySegment value, long flags) {
    long index = ArrayLayout.index(key);
    if (index >= layout.count()) {
      return false;
    }
    for (int cpu = 0; cpu < cpus; cpu++) {
      specialFields()
          .toUser(
              values.segment(),
              valueAddress(cpu, index) - base,
              value.asSlice(cpu * layout.elementSize(), layout.elementSize()),
              layout.elementSize(),
              false);
    }
    return true;
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    long index = ArrayLayout.index(key);
    checkUpdate(index, flags);
    for (int cpu = 0; cpu < cpus; cpu++) {
      specialFields()
          .fromUser(
              value.asSlice(cpu * layout.elementSize(), layout.elementSize()),
              values.segment(),
              valueAddress(cpu, index) - base,
              layout.elementSize(),
              false);
    }
  }

  private long valueAddress(int cpu, long index) {
    return base + cpu * cpuStride + (index & layout.mask()) * layout.elementSize();
  }
}
