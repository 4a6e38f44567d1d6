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
 * PERCPU_HASH: for each key a value for each possible CPU. An update changes the values that are
 * there: a program its own CPU's, a user all.
 */
public final class PerCpuHashMap extends PooledHash {
  private final PerCpuValues values;

  private PerCpuHashMap(
      Machine machine,
      MapSpec spec,
      int id,
      SpecialFields fields,
      Parts parts,
      HashPool pool,
      Block struct) {
    super(machine, spec, id, fields, parts, pool, struct);
    this.values =
        new PerCpuValues(
            layout,
            blocks.memory(),
            fields,
            spec.valueSize(),
            machine.cpus().size(),
            pool.cpuStride());
  }

  static PerCpuHashMap create(Machine machine, MapSpec spec, int id, SpecialFields fields) {
    Blocks blocks = new Blocks();
    try {
      Parts parts = Parts.of(machine, spec, id, blocks);
      HashPool pool = pool(machine, spec, parts);
      Block struct = parts.allocateStruct(machine, spec, id);
      return machine
          .slots()
          .get(MapTable.SLOT)
          .add(new PerCpuHashMap(machine, spec, id, fields, parts, pool, struct));
    } catch (Throwable failure) {
      blocks.close();
      throw failure;
    }
  }

  @Override
  public int userValueSize() {
    return values.userSize();
  }

  @Override
  long valueAddress(Cpu cpu, long element) {
    return values.address(element, cpu.number());
  }

  @Override
  public long lookupOn(int cpuNumber, long key) {
    if (cpuNumber < 0 || cpuNumber >= machine().cpus().size()) {
      return 0;
    }
    long element = chains.find(key, chains.hash(key));
    return element == 0 ? 0 : values.address(element, cpuNumber);
  }

  @Override
  void toUser(long element, MemorySegment value, boolean locked) {
    values.toUser(element, value);
  }

  @Override
  public long update(Cpu cpu, long key, long value, long flags) {
    Errno refused = refusedFlags(flags);
    if (refused == null && (flags & MapFlags.LOCK) != 0) {
      refused = Errno.EINVAL;
    }
    if (refused != null) {
      return -refused.number();
    }
    int hash = chains.hash(key);
    long spare = chains.find(key, hash) == 0 ? pool.take(cpu) : 0;
    while (true) {
      int bucket = chains.bucket(hash);
      long first = chains.lock(bucket);
      long old = chains.findLocked(first, key, hash);
      refused = refused(flags, old != 0);
      if (refused != null || old != 0) {
        if (refused == null) {
          values.set(cpu, old, value);
        }
        chains.unlock(bucket, first);
        if (spare != 0) {
          pool.give(cpu, spare);
        }
        return refused == null ? 0 : -refused.number();
      }
      if (spare != 0) {
        if (!countUp()) {
          chains.unlock(bucket, first);
          pool.give(cpu, spare);
          return -Errno.E2BIG.number();
        }
        name(spare, hash, key);
        values.setFresh(cpu, spare, value);
        chains.putFirst(bucket, first, spare, 0);
        return 0;
      }
      // The element was there a moment ago: now a new one is needed after all.
      chains.unlock(bucket, first);
      spare = pool.take(cpu);
    }
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    if (refusedFlags(flags) != null) {
      answer(-Errno.EINVAL.number());
    }
    retain();
    try {
      answer(put(key, value, flags));
    } finally {
      release();
    }
  }

  private long put(MemorySegment key, MemorySegment value, long flags) {
    int hash = chains.hash(key);
    long spare = pool.take();
    boolean used = false;
    try {
      name(spare, hash, key);
      values.fromUser(value, spare);
      int bucket = chains.bucket(hash);
      long first = chains.lock(bucket);
      long old = chains.findLocked(first, spare + layout.keyOffset(), hash);
      Errno refused = refused(flags, old != 0);
      if (refused == null && old == 0 && !countUp()) {
        refused = Errno.E2BIG;
      }
      if (refused == null && old == 0) {
        chains.putFirst(bucket, first, spare, 0);
        used = true;
        return 0;
      }
      if (refused == null) {
        values.copy(spare, old);
      }
      chains.unlock(bucket, first);
      return refused == null ? 0 : -refused.number();
    } finally {
      if (!used) {
        pool.give(spare);
      }
    }
  }

  @Override
  void retire(long element) {}
}
