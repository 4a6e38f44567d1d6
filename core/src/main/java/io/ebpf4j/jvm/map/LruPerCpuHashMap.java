package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Blocks;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;

/**
 * LRU_PERCPU_HASH: for each key a value for each possible CPU, as in a PERCPU_HASH, for the keys
 * that were used lately.
 */
public final class LruPerCpuHashMap extends LruElements {
  private static final long CACHE_LINE_BYTES = 64;

  private final PerCpuValues values;
  private final long base;
  private final long cpuStride;

  private LruPerCpuHashMap(
      Machine machine,
      MapSpec spec,
      int id,
      SpecialFields fields,
      Parts parts,
      Block struct,
      long elements,
      long base,
      long cpuStride) {
    super(machine, spec, id, fields, parts, struct, elements);
    this.base = base;
    this.cpuStride = cpuStride;
    this.values =
        new PerCpuValues(
            layout, blocks.memory(), fields, spec.valueSize(), machine.cpus().size(), cpuStride);
    for (int i = 0; i < count(); i++) {
      long element = elements + (long) i * layout.stride();
      Memory.putLong(element + layout.valueOffset(), base + (long) i * layout.valueSize());
    }
  }

  static LruPerCpuHashMap create(Machine machine, MapSpec spec, int id, SpecialFields fields) {
    Blocks blocks = new Blocks();
    try {
      Parts parts = Parts.of(machine, spec, id, blocks);
      long elements = allocate(parts.layout(), blocks, spec);
      long bytes = (long) parts.layout().valueSize() * spec.maxEntries();
      long cpuStride = (bytes + CACHE_LINE_BYTES - 1) & -CACHE_LINE_BYTES;
      long base = blocks.allocate(cpuStride * machine.cpus().size(), CACHE_LINE_BYTES);
      Block struct = parts.allocateStruct(machine, spec, id);
      return machine
          .slots()
          .get(MapTable.SLOT)
          .add(
              new LruPerCpuHashMap(
                  machine, spec, id, fields, parts, struct, elements, base, cpuStride));
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
    if (element == 0) {
      return 0;
    }
    LruNodes.use(element);
    return values.address(element, cpuNumber);
  }

  @Override
  void toUser(long element, MemorySegment value, boolean locked) {
    values.toUser(element, value);
  }

  @Override
  public long update(Cpu cpu, long key, long value, long flags) {
    Errno refused = refusedFlags(flags);
    if (refused != null) {
      return -refused.number();
    }
    long fresh = 0;
    if (flags != MapFlags.EXIST) {
      fresh = pool.take(cpu.number());
      if (fresh == 0) {
        return -Errno.ENOMEM.number();
      }
    }
    int hash = chains.hash(key);
    int bucket = chains.bucket(hash);
    long first = chains.lock(bucket);
    long old = chains.findLocked(first, key, hash);
    refused = PooledHash.refused(flags, old != 0);
    if (refused == null && old == 0) {
      name(fresh, hash, key);
      values.setFresh(cpu, fresh, value);
      chains.putFirst(bucket, first, fresh, 0);
      return 0;
    }
    if (refused == null) {
      LruNodes.use(old);
      values.set(cpu, old, value);
    }
    chains.unlock(bucket, first);
    if (fresh != 0) {
      pool.give(fresh);
    }
    return refused == null ? 0 : -refused.number();
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    if (refusedFlags(flags) != null) {
      answer(-Errno.EINVAL.number());
    }
    retain();
    try {
      answer(flags == MapFlags.EXIST ? replace(key, value) : put(key, value, flags));
    } finally {
      release();
    }
  }

  private long put(MemorySegment key, MemorySegment value, long flags) {
    long fresh = pool.take(USERS_CPU);
    if (fresh == 0) {
      return -Errno.ENOMEM.number();
    }
    boolean used = false;
    try {
      int hash = chains.hash(key);
      name(fresh, hash, key);
      values.fromUser(value, fresh);
      int bucket = chains.bucket(hash);
      long first = chains.lock(bucket);
      long old = chains.findLocked(first, fresh + layout.keyOffset(), hash);
      Errno refused = PooledHash.refused(flags, old != 0);
      if (refused == null && old == 0) {
        chains.putFirst(bucket, first, fresh, 0);
        used = true;
        return 0;
      }
      if (refused == null) {
        LruNodes.use(old);
        values.copy(fresh, old);
      }
      chains.unlock(bucket, first);
      return refused == null ? 0 : -refused.number();
    } finally {
      if (!used) {
        pool.give(fresh);
      }
    }
  }

  /** An update of a key that must be there: it makes no room for a new one. */
  private long replace(MemorySegment key, MemorySegment value) {
    int hash = chains.hash(key);
    int bucket = chains.bucket(hash);
    long first = chains.lock(bucket);
    try {
      for (long at = first; HashChains.isElement(at); at = HashChains.next(at)) {
        if (chains.hasKey(at, key)) {
          LruNodes.use(at);
          values.fromUser(value, at);
          return 0;
        }
      }
      return -Errno.ENOENT.number();
    } finally {
      chains.unlock(bucket, first);
    }
  }

  @Override
  void retire(long element) {}

  @Override
  List<ValueArea> areas(boolean readable, boolean writable) {
    return IntStream.range(0, machine().cpus().size())
        .mapToObj(cpu ->
            new ValueArea(
                base + cpu * cpuStride,
                count(),
                layout.valueSize(),
                spec().valueSize(),
                readable,
                writable))
        .toList();
  }
}
