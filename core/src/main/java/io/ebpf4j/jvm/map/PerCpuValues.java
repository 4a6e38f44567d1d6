package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.memory.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The values of the elements of a per-CPU hash: those of one CPU lie together. */
final class PerCpuValues {
  private final HashLayout layout;
  private final MemorySegment memory;
  private final SpecialFields fields;
  private final int size;
  private final int cpus;
  private final long cpuStride;

  /**
   * The values of a map.
   *
   * @param size bytes of a value
   */
  PerCpuValues(
      HashLayout layout,
      MemorySegment memory,
      SpecialFields fields,
      int size,
      int cpus,
      long cpuStride) {
    this.layout = layout;
    this.memory = memory;
    this.fields = fields;
    this.size = size;
    this.cpus = cpus;
    this.cpuStride = cpuStride;
  }

  /** Bytes of the values of all CPUs as the user sees them. */
  int userSize() {
    return Math.multiplyExact(layout.valueSize(), cpus);
  }

  long address(long element, int cpu) {
    return Memory.getLong(element + layout.valueOffset()) + cpu * cpuStride;
  }

  /** Sets the running CPU's value. */
  void set(Cpu cpu, long element, long value) {
    fields.store(cpu, value, address(element, cpu.number()), size, false);
  }

  /** Sets the running CPU's value, all others to 0. */
  void setFresh(Cpu cpu, long element, long value) {
    for (int i = 0; i < cpus; i++) {
      long at = address(element, i);
      if (i == cpu.number()) {
        fields.renew(at);
        fields.store(cpu, value, at, size, false);
      } else {
        Memory.fill(at, layout.valueSize(), (byte) 0);
        fields.renew(at);
      }
    }
  }

  /** Copies all CPUs' values from one element to another. */
  void copy(long from, long to) {
    for (int i = 0; i < cpus; i++) {
      fields.copy(address(from, i), address(to, i), layout.valueSize());
    }
  }

  /** Sets all CPUs' values of an element that is not in the map. */
  void fromUser(MemorySegment user, long element) {
    for (int i = 0; i < cpus; i++) {
      long at = address(element, i);
      fields.renew(at);
      fields.fromUser(slice(user, i), memory, at, layout.valueSize(), false);
    }
  }

  void toUser(long element, MemorySegment user) {
    long first = memory.get(ValueLayout.JAVA_LONG, element + layout.valueOffset());
    for (int i = 0; i < cpus; i++) {
      fields.toUser(memory, first + i * cpuStride, slice(user, i), layout.valueSize(), false);
    }
  }

  private MemorySegment slice(MemorySegment user, int cpu) {
    return user.asSlice((long) cpu * layout.valueSize(), layout.valueSize());
  }
}
