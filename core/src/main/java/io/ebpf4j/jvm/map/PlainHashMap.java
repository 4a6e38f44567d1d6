package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Blocks;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;

/**
 * HASH: a value for each key. An update puts a new element in the old one's place, so that readers
 * see one value or the other; with BPF_F_LOCK it changes the value that is there.
 */
public final class PlainHashMap extends PooledHash {
  private PlainHashMap(
      Machine machine,
      MapSpec spec,
      int id,
      SpecialFields fields,
      Parts parts,
      HashPool pool,
      Block struct) {
    super(machine, spec, id, fields, parts, pool, struct);
  }

  static PlainHashMap create(Machine machine, MapSpec spec, int id, SpecialFields fields) {
    Blocks blocks = new Blocks();
    try {
      Parts parts = Parts.of(machine, spec, id, blocks);
      HashPool pool = pool(machine, spec, parts);
      Block struct = parts.allocateStruct(machine, spec, id);
      return machine
          .slots()
          .get(MapTable.SLOT)
          .add(new PlainHashMap(machine, spec, id, fields, parts, pool, struct));
    } catch (Throwable failure) {
      blocks.close();
      throw failure;
    }
  }

  @Override
  long valueAddress(Cpu cpu, long element) {
    return element + layout.valueOffset();
  }

  @Override
  void toUser(long element, MemorySegment value, boolean locked) {
    specialFields()
        .toUser(blocks.memory(), element + layout.valueOffset(), value, spec().valueSize(), locked);
  }

  @Override
  public LookupRecipe lookupRecipe() {
    return chains.recipe("find", layout.valueOffset());
  }

  @Override
  public long update(Cpu cpu, long key, long value, long flags) {
    Errno refused = refusedFlags(flags);
    if (refused != null) {
      return -refused.number();
    }
    boolean locked = (flags & MapFlags.LOCK) != 0;
    int hash = chains.hash(key);
    if (locked) {
      if (!specialFields().hasSpinLock()) {
        return -Errno.EINVAL.number();
      }
      long there = chains.find(key, hash);
      refused = refused(flags, there != 0);
      if (refused != null) {
        return -refused.number();
      }
      if (there != 0) {
        long to = there + layout.valueOffset();
        specialFields().store(cpu, value, to, spec().valueSize(), true);
        return 0;
      }
    }
    if ((flags & MapFlags.NOEXIST) != 0 && chains.find(key, hash) != 0) {
      return -Errno.EEXIST.number();
    }
    long element = pool.take(cpu);
    name(element, hash, key);
    specialFields().renew(element + layout.valueOffset());
    specialFields().store(cpu, value, element + layout.valueOffset(), spec().valueSize(), false);
    long replaced = put(element, hash, flags);
    if (replaced < 0) {
      pool.give(cpu, element);
      return replaced;
    }
    if (replaced != 0) {
      retire(replaced);
      pool.give(cpu, replaced);
    }
    return 0;
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    if (refusedFlags(flags) != null) {
      answer(-Errno.EINVAL.number());
    }
    retain();
    try {
      int hash = chains.hash(key);
      if ((flags & MapFlags.LOCK) == 0 || !setLocked(key, hash, value, flags)) {
        put(key, hash, value, flags);
      }
    } finally {
      release();
    }
  }

  /** Changes the value that is there under its lock, and says whether there is one. */
  private boolean setLocked(MemorySegment key, int hash, MemorySegment value, long flags) {
    long there = chains.find(key, hash);
    Errno refused = refused(flags, there != 0);
    if (refused != null) {
      answer(-refused.number());
    }
    if (there == 0) {
      return false;
    }
    specialFields()
        .fromUser(value, blocks.memory(), there + layout.valueOffset(), spec().valueSize(), true);
    return true;
  }

  private void put(MemorySegment key, int hash, MemorySegment value, long flags) {
    long element = pool.take();
    long replaced = -1;
    try {
      name(element, hash, key);
      specialFields().renew(element + layout.valueOffset());
      specialFields()
          .fromUser(
              value, blocks.memory(), element + layout.valueOffset(), spec().valueSize(), false);
      replaced = put(element, hash, flags);
    } finally {
      if (replaced < 0) {
        pool.give(element);
      }
    }
    answer(replaced);
    if (replaced != 0) {
      retire(replaced);
      pool.give(replaced);
    }
  }

  /** Links a new element; gives the one that it replaces, 0 for none, or a negative errno. */
  private long put(long element, int hash, long flags) {
    int bucket = chains.bucket(hash);
    long first = chains.lock(bucket);
    long old = chains.findLocked(first, element + layout.keyOffset(), hash);
    Errno refused = refused(flags, old != 0);
    if (refused == null && old == 0 && !countUp()) {
      refused = Errno.E2BIG;
    }
    if (refused != null) {
      chains.unlock(bucket, first);
      return -refused.number();
    }
    chains.putFirst(bucket, first, element, old);
    return old;
  }

  @Override
  void retire(long element) {
    for (int offset : specialFields().deferred()) {
      timers().free(element + layout.valueOffset() + offset);
    }
  }

  @Override
  boolean holdsValue(long value) {
    return pool.holdsValue(value);
  }

  @Override
  long keyOf(long value, long room) {
    return value - layout.valueOffset() + layout.keyOffset();
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
}
