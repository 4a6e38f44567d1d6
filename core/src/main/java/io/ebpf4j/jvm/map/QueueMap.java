package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** QUEUE and STACK: values without keys, of which the oldest or the newest is at hand. */
public final class QueueMap extends JvmMap implements ValueStore {
  private final NarrowLock lock = new NarrowLock();
  private final Block values;
  private final int valueSize;
  private final long capacity;
  private final boolean newestFirst;
  private long oldest;
  private long count;

  private QueueMap(Machine machine, MapSpec spec, int id, Block struct, Block values) {
    super(machine, spec, id, SpecialFields.NONE, struct);
    this.values = values;
    this.valueSize = spec.valueSize();
    this.capacity = Integer.toUnsignedLong(spec.maxEntries());
    this.newestFirst = spec.type() == MapType.STACK;
  }

  static QueueMap create(Machine machine, MapSpec spec, int id) {
    long bytes =
        Math.multiplyExact(Integer.toUnsignedLong(spec.maxEntries()), (long) spec.valueSize());
    Block values = Block.allocate(bytes, 64);
    MapTable table = machine.slots().get(MapTable.SLOT);
    Block struct = table.allocateStruct(spec, id);
    return table.add(new QueueMap(machine, spec, id, struct, values));
  }

  @Override
  public long push(long value, long flags) {
    Errno refused = refused(flags);
    if (refused != null) {
      return -refused.number();
    }
    lock.lock();
    long place = placeForOneMore(flags);
    if (place >= 0) {
      RawCopy.copy(value, values.address() + place, valueSize);
    }
    lock.unlock();
    return place >= 0 ? 0 : place;
  }

  @Override
  public long peek(long value) {
    return first(value, false);
  }

  @Override
  public long pop(long value) {
    return first(value, true);
  }

  private long first(long value, boolean remove) {
    lock.lock();
    long place = firstPlace();
    if (place < 0) {
      Memory.fill(value, valueSize, (byte) 0);
    } else {
      RawCopy.copy(values.address() + place, value, valueSize);
      if (remove) {
        removeFirst();
      }
    }
    lock.unlock();
    return place < 0 ? place : 0;
  }

  @Override
  protected boolean get(MemorySegment key, MemorySegment value, long flags) {
    return first(value, false);
  }

  @Override
  protected boolean take(MemorySegment key, MemorySegment value, long flags) {
    if (flags != 0) {
      throw refusal(Errno.EINVAL, "%s takes no flags here".formatted(spec().type()));
    }
    return first(value, true);
  }

  private boolean first(MemorySegment value, boolean remove) {
    lock.lock();
    try {
      long place = firstPlace();
      if (place < 0) {
        return false;
      }
      UserCopy.copy(values.segment(), place, value, 0, valueSize);
      if (remove) {
        removeFirst();
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    if (refused(flags) != null) {
      throw refusal(Errno.EINVAL, "the flags of a push are 0 or BPF_EXIST");
    }
    lock.lock();
    try {
      long place = placeForOneMore(flags);
      if (place < 0) {
        throw refusal(
            Errno.E2BIG, "it is full with %d values, and BPF_EXIST is not given".formatted(count));
      }
      UserCopy.copy(value, 0, values.segment(), place, valueSize);
    } finally {
      lock.unlock();
    }
  }

  @Override
  protected boolean remove(MemorySegment key) {
    throw keyless();
  }

  @Override
  protected boolean next(@Nullable MemorySegment key, MemorySegment next) {
    throw keyless();
  }

  private RuntimeException keyless() {
    return refusal(
        Errno.EINVAL,
        "%s has no keys: look up the value at hand, with deletion or without"
            .formatted(spec().type()));
  }

  private static @Nullable Errno refused(long flags) {
    return flags == MapFlags.ANY || flags == MapFlags.EXIST ? null : Errno.EINVAL;
  }

  /** Counts a value more, in place of the oldest where it is full; an offset or E2BIG below 0. */
  private long placeForOneMore(long flags) {
    if (count == capacity) {
      if (flags != MapFlags.EXIST) {
        return -Errno.E2BIG.number();
      }
      oldest = (oldest + 1) % capacity;
      count--;
    }
    count++;
    return place(oldest + count - 1);
  }

  /** The offset of the value at hand, or ENOENT below 0. */
  private long firstPlace() {
    if (count == 0) {
      return -Errno.ENOENT.number();
    }
    return place(newestFirst ? oldest + count - 1 : oldest);
  }

  private void removeFirst() {
    count--;
    if (!newestFirst) {
      oldest = (oldest + 1) % capacity;
    }
  }

  private long place(long index) {
    return index % capacity * valueSize;
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
  public long update(Cpu cpu, long key, long value, long flags) {
    return -Errno.EINVAL.number();
  }

  @Override
  public long delete(Cpu cpu, long key) {
    return -Errno.EINVAL.number();
  }

  @Override
  protected boolean hasBatch() {
    return false;
  }

  @Override
  protected long valueBytes() {
    return values.size();
  }

  @Override
  protected void freeValues() {
    values.close();
  }
}
