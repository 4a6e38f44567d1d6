package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Blocks;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** LRU_HASH: a value for each key, as in a HASH, for the keys that were used lately. */
public final class LruHashMap extends LruElements {
  private LruHashMap(
      Machine machine,
      MapSpec spec,
      int id,
      SpecialFields fields,
      Parts parts,
      Block struct,
      long elements) {
    super(machine, spec, id, fields, parts, struct, elements);
  }

  static LruHashMap create(Machine machine, MapSpec spec, int id, SpecialFields fields) {
    Blocks blocks = new Blocks();
    try {
      Parts parts = Parts.of(machine, spec, id, blocks);
      long elements = allocate(parts.layout(), blocks, spec);
      Block struct = parts.allocateStruct(machine, spec, id);
      return machine
          .slots()
          .get(MapTable.SLOT)
          .add(new LruHashMap(machine, spec, id, fields, parts, struct, elements));
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
    return chains.recipe("use", layout.valueOffset());
  }

  @Override
  public long update(Cpu cpu, long key, long value, long flags) {
    Errno refused = refusedFlags(flags);
    if (refused != null) {
      return -refused.number();
    }
    long element = pool.take(cpu.number());
    if (element == 0) {
      return -Errno.ENOMEM.number();
    }
    int hash = chains.hash(key);
    name(element, hash, key);
    long to = element + layout.valueOffset();
    specialFields().renew(to);
    specialFields().store(cpu, value, to, spec().valueSize(), false);
    return put(element, hash, flags);
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    if (refusedFlags(flags) != null) {
      answer(-Errno.EINVAL.number());
    }
    retain();
    try {
      long element = pool.take(USERS_CPU);
      if (element == 0) {
        answer(-Errno.ENOMEM.number());
      }
      int hash = chains.hash(key);
      long to = element + layout.valueOffset();
      try {
        name(element, hash, key);
        specialFields().renew(to);
        specialFields().fromUser(value, blocks.memory(), to, spec().valueSize(), false);
      } catch (RuntimeException e) {
        pool.give(element);
        throw e;
      }
      answer(put(element, hash, flags));
    } finally {
      release();
    }
  }

  /** Links a new element or gives it back; 0 or a negative errno. */
  private long put(long element, int hash, long flags) {
    int bucket = chains.bucket(hash);
    long first = chains.lock(bucket);
    long old = chains.findLocked(first, element + layout.keyOffset(), hash);
    Errno refused = PooledHash.refused(flags, old != 0);
    if (refused != null) {
      chains.unlock(bucket, first);
      pool.give(element);
      return -refused.number();
    }
    if (old != 0) {
      LruNodes.use(element);
    }
    chains.putFirst(bucket, first, element, old);
    if (old != 0) {
      retire(old);
      pool.give(old);
    }
    return 0;
  }

  @Override
  void retire(long element) {
    for (int offset : specialFields().deferred()) {
      timers().free(element + layout.valueOffset() + offset);
    }
  }

  @Override
  List<ValueArea> areas(boolean readable, boolean writable) {
    return List.of(
        new ValueArea(
            elements() + layout.valueOffset(),
            count(),
            layout.stride(),
            spec().valueSize(),
            readable,
            writable));
  }

  @Override
  boolean holdsValue(long value) {
    long offset = value - elements() - layout.valueOffset();
    return offset >= 0
        && offset < (long) count() * layout.stride()
        && offset % layout.stride() == 0;
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
