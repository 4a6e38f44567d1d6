package io.ebpf4j.jvm.storage;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.map.SpecialFields;
import io.ebpf4j.jvm.map.StorageOwner;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A map that gives every owner of its kind one value, which is kept with the owner.
 *
 * <p>A user names an owner by a descriptor; programs hand its structure to {@link StorageHelpers}.
 * The general operations of programs and the order of keys do not exist.
 */
public final class StorageMap extends JvmMap {
  /**
   * Where in front of a map's structure its place in owners' caches lies, in bytes: 4 bytes that
   * programs do not reach.
   */
  static final int CACHE_OFFSET = -Integer.BYTES;

  private final Storage storage;
  private final int cacheSlot;
  private final OwnerValues values;

  private StorageMap(
      Machine machine, MapSpec spec, int id, SpecialFields fields, Storage storage, int cacheSlot) {
    super(machine, spec, id, fields, machine.slots().get(MapTable.SLOT).allocateStruct(spec, id));
    this.storage = storage;
    this.cacheSlot = cacheSlot;
    Memory.putInt(address() + CACHE_OFFSET, cacheSlot * Long.BYTES);
    this.values = new OwnerValues(this, storage, cacheSlot);
  }

  static StorageMap create(
      Machine machine, MapSpec spec, int id, SpecialFields fields, Storage storage) {
    int cacheSlot = storage.takeCacheSlot(spec.type());
    return machine
        .slots()
        .get(MapTable.SLOT)
        .add(new StorageMap(machine, spec, id, fields, storage, cacheSlot));
  }

  /** The values of this map. */
  OwnerValues values() {
    return values;
  }

  /** How many owners have a value. */
  public long size() {
    return values.size();
  }

  /** Bytes of values that are in use or wait for a grace period, all told. */
  public long valueMemoryBytes() {
    return valueBytes();
  }

  /**
   * Visits the owners that have a value, in no particular order. An owner that comes or goes
   * meanwhile may be missed.
   *
   * @param visitor gets an owner, which lives until it returns, and a copy of the value
   */
  public void forEach(BiConsumer<StorageOwner, byte[]> visitor) {
    for (StorageOwner owner : values.owners()) {
      try {
        byte[] value = new byte[spec().valueSize()];
        if (values.read(owner, MemorySegment.ofArray(value), false)) {
          visitor.accept(owner, value);
        }
      } finally {
        owner.release();
      }
    }
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
    return -Errno.ENOTSUPP.number();
  }

  @Override
  public long delete(Cpu cpu, long key) {
    return -Errno.ENOTSUPP.number();
  }

  @Override
  protected long valueBytes() {
    return values.memoryBytes();
  }

  @Override
  protected boolean get(MemorySegment key, MemorySegment value, long flags) {
    StorageOwner owner = hold(key);
    try {
      return values.read(owner, value, (flags & MapFlags.LOCK) != 0);
    } finally {
      owner.release();
    }
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    StorageOwner owner = hold(key);
    try {
      if ((flags & ~MapFlags.LOCK) > MapFlags.EXIST || (flags & ~MapFlags.LOCK) < 0) {
        throw refusal(
            Errno.EINVAL, "an update takes ANY, NOEXIST or EXIST, not 0x%x".formatted(flags));
      }
      long result = values.write(owner, value, flags);
      if (result < 0) {
        throw updateRefusal(owner, Errno.of((int) -result).orElse(Errno.EINVAL));
      }
    } finally {
      owner.release();
    }
  }

  private BpfException updateRefusal(StorageOwner owner, Errno errno) {
    return refusal(
        errno,
        switch (errno) {
          case EEXIST -> owner + " has a value already (NOEXIST)";
          case ENOENT -> owner + " has no value (EXIST)";
          case ENOMEM ->
              "a value more would take %s to its limit of storage, or the kernel to its own"
                  .formatted(owner);
          default -> owner + " has ended";
        });
  }

  @Override
  protected boolean remove(MemorySegment key) {
    StorageOwner owner = hold(key);
    try {
      return values.delete(owner.address());
    } finally {
      owner.release();
    }
  }

  private StorageOwner hold(MemorySegment key) {
    return storage.hold(this, key.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
  }

  @Override
  protected boolean next(@Nullable MemorySegment key, MemorySegment next) {
    throw refusal(
        Errno.ENOTSUPP, "%s has no order of keys: walk over its owners".formatted(spec().type()));
  }

  @Override
  protected boolean hasBatch() {
    return false;
  }

  /** Every value goes; what comes to an end at the same time frees its own. */
  @Override
  protected void releaseEntries() {
    values.deleteAll();
    storage.giveCacheSlotBack(spec().type(), cacheSlot);
  }

  @Override
  protected void freeValues() {}

  /** A refusal for what users do with descriptors. */
  BpfException refuse(Errno errno, String sentence) {
    return refusal(errno, sentence);
  }

  /** Whether a new socket gets a copy of the value of the listener that accepted it. */
  boolean isCloned() {
    return (spec().flags() & MapFlags.CLONE) != 0;
  }

  /** Copies a value of a program into the memory of a new one. */
  void fill(long from, long to) {
    specialFields().copy(from, to, spec().valueSize());
  }
}
