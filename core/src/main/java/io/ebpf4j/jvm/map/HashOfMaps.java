package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Blocks;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * HASH_OF_MAPS: an inner map for each key, all of the same shape as a template. A value is the
 * address of the inner map's structure. An update or deletion returns when no program uses the old
 * inner map any more.
 */
public final class HashOfMaps extends PooledHash {
  private final InnerTemplate template;

  private HashOfMaps(
      Machine machine,
      MapSpec spec,
      int id,
      Parts parts,
      HashPool pool,
      Block struct,
      InnerTemplate template) {
    super(machine, spec, id, SpecialFields.NONE, parts, pool, struct);
    this.template = template;
  }

  static HashOfMaps create(Machine machine, MapSpec spec, int id, InnerTemplate template) {
    Blocks blocks = new Blocks();
    try {
      Parts parts = Parts.of(machine, spec, id, blocks);
      HashPool pool = pool(machine, spec, parts);
      Block struct = parts.allocateStruct(machine, spec, id);
      return machine
          .slots()
          .get(MapTable.SLOT)
          .add(new HashOfMaps(machine, spec, id, parts, pool, struct, template));
    } catch (Throwable failure) {
      blocks.close();
      throw failure;
    }
  }

  @Override
  public MapShape inner() {
    return template;
  }

  @Override
  List<ValueArea> areas(boolean readable, boolean writable) {
    return List.of();
  }

  @Override
  long valueAddress(Cpu cpu, long element) {
    return Memory.getLongAcquire(element + layout.valueOffset());
  }

  @Override
  void toUser(long element, MemorySegment value, boolean locked) {
    long inner = blocks.memory().get(ValueLayout.JAVA_LONG, element + layout.valueOffset());
    value.set(ValueLayout.JAVA_INT_UNALIGNED, 0, MapStructs.id(inner));
  }

  @Override
  public long update(Cpu cpu, long key, long value, long flags) {
    return -Errno.EINVAL.number();
  }

  @Override
  protected boolean take(MemorySegment key, MemorySegment value, long flags) {
    throw refusal(Errno.ENOTSUPP, "%s has no lookup-and-delete".formatted(spec().type()));
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    retain();
    try {
      JvmMap inner = template.hold(this, value.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
      long old = -1;
      try {
        Errno refused = refusedFlags(flags);
        old = refused != null ? -refused.number() : put(key, inner.address(), flags);
      } finally {
        if (old < 0) {
          inner.release();
        }
      }
      answer(old);
      if (old != 0) {
        letGo(old);
      }
      awaitReaders();
    } finally {
      release();
    }
  }

  @Override
  protected boolean remove(MemorySegment key) {
    boolean removed = super.remove(key);
    awaitReaders();
    return removed;
  }

  /** Puts an address in place; gives the one that it replaces, 0 for none, or a negative errno. */
  private long put(MemorySegment key, long inner, long flags) {
    int hash = chains.hash(key);
    long spare = pool.take();
    boolean used = false;
    try {
      name(spare, hash, key);
      Memory.putLong(spare + layout.valueOffset(), inner);
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
      long before = 0;
      if (refused == null) {
        before = Memory.getAndSetLong(old + layout.valueOffset(), inner);
      }
      chains.unlock(bucket, first);
      return refused == null ? before : -refused.number();
    } finally {
      if (!used) {
        pool.give(spare);
      }
    }
  }

  @Override
  void retire(long element) {
    letGo(Memory.getLong(element + layout.valueOffset()));
  }

  @Override
  protected void releaseEntries() {
    for (int bucket = 0; bucket < chains.count(); bucket++) {
      for (long e = chains.first(bucket); HashChains.isElement(e); e = HashChains.next(e)) {
        retire(e);
      }
    }
  }

  /** Memory of the inner map stays for a grace period after its last holder has gone. */
  private void letGo(long inner) {
    machine().slots().get(MapTable.SLOT).get(inner).release();
  }

  private void awaitReaders() {
    if (!machine().rcu().isInside()) {
      machine().rcu().synchronize();
    }
  }
}
