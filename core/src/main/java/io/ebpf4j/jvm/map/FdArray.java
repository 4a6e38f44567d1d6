package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.handle.FdTable;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * An array of objects that users name by descriptors: an element is empty at first, an update puts
 * an object in and holds it, a deletion lets it go. Programs do not change the elements.
 *
 * @param <T> the objects
 */
abstract sealed class FdArray<T extends Counted> extends JvmMap
    permits ProgArray, PerfEventArray, CgroupArray, ArrayOfMaps {
  private static final int REFERENCE_BYTES = Long.BYTES;
  private static final long MAX_HEAP_ARRAY = Integer.MAX_VALUE - 8L;

  final ArrayLayout layout;
  private final AtomicReferenceArray<@Nullable T> entries;

  FdArray(
      Machine machine,
      MapSpec spec,
      int id,
      Block struct,
      ArrayLayout layout,
      AtomicReferenceArray<@Nullable T> entries) {
    super(machine, spec, id, SpecialFields.NONE, struct);
    this.layout = layout;
    this.entries = entries;
  }

  /** Room for the objects of a map. */
  static <T> AtomicReferenceArray<@Nullable T> allocate(ArrayLayout layout) {
    if (layout.count() > MAX_HEAP_ARRAY) {
      throw new OutOfMemoryError(layout.count() + " references are more than the heap takes");
    }
    return new AtomicReferenceArray<>((int) layout.count());
  }

  /** What a descriptor names, held for this map, or a refusal. */
  abstract T hold(int fd);

  /** What a user who looks an element up gets. */
  abstract int userValue(T entry);

  /** Does something while no element changes. */
  final void unchanging(Runnable action) {
    synchronized (entries) {
      action.run();
    }
  }

  /** Notes that an element has changed, before the old object is let go; one change at a time. */
  void changed(int index, @Nullable T entry) {}

  /** Waits where Linux waits for programs that may still use the old object. */
  void awaitReaders() {}

  /** The object at an index, a u32, or null where there is none or the index is past the end. */
  final @Nullable T entry(int index) {
    return Integer.toUnsignedLong(index) < layout.count() ? entries.get(index) : null;
  }

  /** The object that is held for a descriptor, if it is of a class. */
  final <C extends Counted> Optional<C> held(int fd, Class<C> type) {
    return heldObject(fd).flatMap(object -> ofType(object, type));
  }

  /** The object that is held for a descriptor of any class. */
  final Optional<Counted> heldObject(int fd) {
    return machine().slots().get(FdTable.SLOT).hold(fd);
  }

  /** The object as one of a class, or empty and let go. */
  static <C extends Counted> Optional<C> ofType(Counted object, Class<C> type) {
    if (type.isInstance(object)) {
      return Optional.of(type.cast(object));
    }
    object.release();
    return Optional.empty();
  }

  /** Empties every element. */
  final void clear() {
    for (int i = 0; i < entries.length(); i++) {
      exchange(i, null);
    }
  }

  /** Empties an element if it still holds that object. */
  final void remove(int index, T entry) {
    boolean removed;
    synchronized (entries) {
      removed = entries.compareAndSet(index, entry, null);
      if (removed) {
        changed(index, null);
      }
    }
    if (removed) {
      entry.release();
    }
  }

  final int length() {
    return entries.length();
  }

  @Override
  public List<ValueArea> valueAreas() {
    return List.of();
  }

  @Override
  public long lookup(Cpu cpu, long key) {
    return 0;
  }

  @Override
  public final long update(Cpu cpu, long key, long value, long flags) {
    return -Errno.EINVAL.number();
  }

  @Override
  public final long delete(Cpu cpu, long key) {
    return -Errno.EINVAL.number();
  }

  @Override
  protected boolean get(MemorySegment key, MemorySegment value, long flags) {
    T entry = entry(key.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
    if (entry == null) {
      return false;
    }
    value.set(ValueLayout.JAVA_INT_UNALIGNED, 0, userValue(entry));
    return true;
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    put(key, value, flags);
  }

  /** Puts what a descriptor names into an element, and gives it. */
  final T put(MemorySegment key, MemorySegment value, long flags) {
    if (flags != MapFlags.ANY) {
      throw refusal(
          Errno.EINVAL, "%s takes no update flags, not 0x%x".formatted(spec().type(), flags));
    }
    int index = checkedIndex(key);
    T entry = hold(value.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
    exchange(index, entry);
    awaitReaders();
    return entry;
  }

  @Override
  protected final boolean remove(MemorySegment key) {
    boolean removed = exchange(checkedIndex(key), null);
    awaitReaders();
    return removed;
  }

  @Override
  protected final boolean next(@Nullable MemorySegment key, MemorySegment next) {
    return layout.next(key, next);
  }

  @Override
  protected boolean hasBatch() {
    return false;
  }

  @Override
  protected long valueBytes() {
    return (long) entries.length() * REFERENCE_BYTES;
  }

  @Override
  protected void freeValues() {}

  @Override
  protected void releaseEntries() {
    clear();
  }

  private boolean exchange(int index, @Nullable T entry) {
    T old;
    synchronized (entries) {
      old = entries.getAndSet(index, entry);
      changed(index, entry);
    }
    if (old == null) {
      return false;
    }
    old.release();
    return true;
  }

  private int checkedIndex(MemorySegment key) {
    int index = key.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    if (Integer.toUnsignedLong(index) >= layout.count()) {
      throw refusal(
          Errno.E2BIG,
          "index %s is past the end, it has %d elements"
              .formatted(Integer.toUnsignedString(index), layout.count()));
    }
    return index;
  }
}
