package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What ARRAY and PERCPU_ARRAY have in common: elements that exist from the start, zeroed, are found
 * by a 4-byte index and cannot be deleted.
 */
abstract sealed class ArrayElements extends JvmMap permits ArrayMap, PerCpuArrayMap {
  final ArrayLayout layout;
  final Block values;

  ArrayElements(
      Machine machine,
      MapSpec spec,
      int id,
      SpecialFields fields,
      Block struct,
      ArrayLayout layout,
      Block values) {
    super(machine, spec, id, fields, struct);
    this.layout = layout;
    this.values = values;
  }

  /** A structure for an array of that layout. */
  static Block allocateStruct(Machine machine, MapSpec spec, int id, ArrayLayout layout) {
    Block struct = machine.slots().get(MapTable.SLOT).allocateStruct(MapStructs.ARRAY_BYTES);
    long address = MapTable.structAddress(struct);
    MapStructs.fill(address, spec, id);
    MapStructs.ELEM_SIZE.put(address, layout.elementSize());
    MapStructs.INDEX_MASK.put(address, layout.mask());
    return struct;
  }

  /** The running CPU's value at an index that is inside. */
  abstract long valueAddress(Cpu cpu, long index);

  /** Ends what special fields of the old value had going. */
  void resetFields(long index) {}

  @Override
  public final long lookup(Cpu cpu, long key) {
    long index = ArrayLayout.index(key);
    return index < layout.count() ? valueAddress(cpu, index) : 0;
  }

  @Override
  public final long update(Cpu cpu, long key, long value, long flags) {
    long index = ArrayLayout.index(key);
    Errno refused = refused(index, flags);
    if (refused != null) {
      return -refused.number();
    }
    if ((flags & MapFlags.LOCK) != 0 && !specialFields().hasSpinLock()) {
      return -Errno.EINVAL.number();
    }
    specialFields()
        .store(
            cpu, value, valueAddress(cpu, index), spec().valueSize(), (flags & MapFlags.LOCK) != 0);
    resetFields(index);
    return 0;
  }

  @Override
  public final long delete(Cpu cpu, long key) {
    return -Errno.EINVAL.number();
  }

  @Override
  public final long forEach(Cpu cpu, long function, long context, long flags) {
    if (flags != 0) {
      return -Errno.EINVAL.number();
    }
    CallbackKeys keys = machine().slots().get(MapTable.SLOT).callbackKeys();
    long key = keys.push(cpu);
    if (key == 0) {
      return -Errno.EINVAL.number();
    }
    try {
      long visited = 0;
      while (visited < layout.count()) {
        Memory.putInt(key, (int) visited);
        long value = valueAddress(cpu, visited);
        visited++;
        if (cpu.activation().call(cpu, function, address(), key, value, context, 0) != 0) {
          break;
        }
      }
      return visited;
    } finally {
      keys.pop(cpu);
    }
  }

  @Override
  protected final boolean remove(MemorySegment key) {
    throw refusal(Errno.EINVAL, "elements of %s cannot be deleted".formatted(spec().type()));
  }

  @Override
  protected final boolean next(@Nullable MemorySegment key, MemorySegment next) {
    return layout.next(key, next);
  }

  @Override
  protected final boolean hasBatch() {
    return true;
  }

  @Override
  protected final long valueBytes() {
    return values.size();
  }

  @Override
  protected final void freeValues() {
    values.close();
  }

  /** Refuses an update by the user as {@link #refused} says. */
  final void checkUpdate(long index, long flags) {
    Errno refused = refused(index, flags);
    if (refused != null) {
      throw refusal(
          refused,
          switch (refused) {
            case E2BIG ->
                "index %d is past the end, it has %d elements".formatted(index, layout.count());
            case EEXIST -> "all elements exist already, so BPF_NOEXIST never holds";
            default -> "there are no update flags 0x%x".formatted(flags);
          });
    }
  }

  private @Nullable Errno refused(long index, long flags) {
    if (Long.compareUnsigned(flags & ~MapFlags.LOCK, MapFlags.EXIST) > 0) {
      return Errno.EINVAL;
    }
    if (index >= layout.count()) {
      return Errno.E2BIG;
    }
    return (flags & MapFlags.NOEXIST) != 0 ? Errno.EEXIST : null;
  }
}
