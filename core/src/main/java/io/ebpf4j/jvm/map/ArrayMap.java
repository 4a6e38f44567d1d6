package io.ebpf4j.jvm.map;

import io.ebpf4j.BpfMap.Mapping;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** ARRAY: one value for each index. Created with MMAPABLE, users can map the values. */
public final class ArrayMap extends ArrayElements {
  private static final long CACHE_LINE_BYTES = 64;

  private final long base;

  private ArrayMap(
      Machine machine,
      MapSpec spec,
      int id,
      SpecialFields fields,
      Block struct,
      ArrayLayout layout,
      Block values) {
    super(machine, spec, id, fields, struct, layout, values);
    this.base = values.address();
  }

  static ArrayMap create(Machine machine, MapSpec spec, int id, SpecialFields fields) {
    ArrayLayout layout = ArrayLayout.of(spec);
    boolean pages = (spec.flags() & MapFlags.MMAPABLE) != 0;
    Block values =
        pages
            ? Block.allocate(pageAligned(layout.bytes()), PAGE_BYTES)
            : Block.allocate(layout.bytes(), CACHE_LINE_BYTES);
    Block struct = allocateStruct(machine, spec, id, layout);
    return machine
        .slots()
        .get(MapTable.SLOT)
        .add(new ArrayMap(machine, spec, id, fields, struct, layout, values));
  }

  /** The index of the value that lies at an address, or -1 where none does. */
  private long indexOf(long value) {
    long offset = value - base;
    long index = Long.divideUnsigned(offset, layout.elementSize());
    return offset >= 0 && offset % layout.elementSize() == 0 && index < layout.count() ? index : -1;
  }

  @Override
  boolean holdsValue(long value) {
    return indexOf(value) >= 0;
  }

  @Override
  long keyOf(long value, long room) {
    Memory.putInt(room, (int) indexOf(value));
    return room;
  }

  @Override
  public List<ValueArea> valueAreas() {
    return List.of(
        new ValueArea(
            base,
            layout.count(),
            layout.elementSize(),
            spec().valueSize(),
            (spec().flags() & MapFlags.WRONLY_PROG) == 0,
            (spec().flags() & MapFlags.RDONLY_PROG) == 0));
  }

  @Override
  public LookupRecipe lookupRecipe() {
    return new LookupRecipe.Array(base, layout.count(), layout.elementSize());
  }

  @Override
  long valueAddress(Cpu cpu, long index) {
    return base + (index & layout.mask()) * layout.elementSize();
  }

  /** Special fields are not for users to see. */
  @Override
  @Nullable ArrayValues arrayValues() {
    return specialFields() == SpecialFields.NONE
        ? new ArrayValues(
            values.segment().asReadOnly(), layout.count(), layout.elementSize(), spec().valueSize())
        : null;
  }

  @Override
  protected boolean get(MemorySegment key, MemorySegment value, long flags) {
    long index = ArrayLayout.index(key);
    if (index >= layout.count()) {
      return false;
    }
    specialFields()
        .toUser(
            values.segment(),
            index * layout.elementSize(),
            value,
            spec().valueSize(),
            (flags & MapFlags.LOCK) != 0);
    return true;
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    long index = ArrayLayout.index(key);
    checkUpdate(index, flags);
    specialFields()
        .fromUser(
            value,
            values.segment(),
            index * layout.elementSize(),
            spec().valueSize(),
            (flags & MapFlags.LOCK) != 0);
    resetFields(index);
  }

  @Override
  Mapping map(long offset, long length, boolean writable, MapUser.Access access) {
    if (access == MapUser.Access.READ) {
      throw refusal(
          Errno.EINVAL, "users may only read it (RDONLY), and a shared mapping needs both");
    }
    if (writable) {
      writableMappingOpened();
    }
    try {
      checkRange(offset, length);
      retain();
      return new MemoryMapping(this, values.segment().asSlice(offset, length), writable);
    } catch (Throwable failure) {
      if (writable) {
        writableMappingClosed();
      }
      throw failure;
    }
  }

  /** An update ends the timer of the old value. */
  @Override
  void resetFields(long index) {
    for (int offset : specialFields().deferred()) {
      timers().free(values.segment(), index * layout.elementSize() + offset);
    }
  }

  @Override
  protected void lastUserGone() {
    freeTimers();
  }

  @Override
  protected void releaseEntries() {
    freeTimers();
  }

  private void freeTimers() {
    if (specialFields().deferred().length > 0) {
      timers().freeAll(this);
    }
  }

  private Timers timers() {
    return machine().slots().get(MapTable.SLOT).timers();
  }

  private void checkRange(long offset, long length) {
    if ((spec().flags() & MapFlags.MMAPABLE) == 0) {
      throw refusal(Errno.EINVAL, "it was not created with MMAPABLE");
    }
    if (length > values.size() - offset) {
      throw refusal(
          Errno.EINVAL,
          "%d bytes from %d on are past its end: it has %d bytes"
              .formatted(length, offset, values.size()));
    }
  }

  private static long pageAligned(long bytes) {
    return (bytes + PAGE_BYTES - 1) & -PAGE_BYTES;
  }
}
