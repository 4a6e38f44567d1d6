package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A hash that is full when it has as many keys as it takes: not an LRU hash. */
abstract class PooledHash extends HashElements {
  final HashPool pool;
  private final AtomicInteger keys = new AtomicInteger();

  PooledHash(
      Machine machine,
      MapSpec spec,
      int id,
      SpecialFields fields,
      Parts parts,
      HashPool pool,
      Block struct) {
    super(machine, spec, id, fields, parts, struct);
    this.pool = pool;
  }

  static HashPool pool(Machine machine, MapSpec spec, Parts parts) {
    return new HashPool(
        parts.layout(),
        parts.blocks(),
        machine.cpus().size(),
        Integer.toUnsignedLong(spec.maxEntries()),
        HashLayout.preallocated(spec));
  }

  /** Why an update is refused, or null: the flags that there are, then those that hold. */
  static @Nullable Errno refusedFlags(long flags) {
    return Long.compareUnsigned(flags & ~MapFlags.LOCK, MapFlags.EXIST) > 0 ? Errno.EINVAL : null;
  }

  /** Why an update of a key that is there, or is not, is refused, or null. */
  static @Nullable Errno refused(long flags, boolean exists) {
    if (exists) {
      return (flags & MapFlags.NOEXIST) != 0 ? Errno.EEXIST : null;
    }
    return (flags & MapFlags.EXIST) != 0 ? Errno.ENOENT : null;
  }

  /** Writes hash and key into an element that is not in the map. */
  final void name(long element, int hash, long key) {
    Memory.putInt(element + HashLayout.HASH, hash);
    RawCopy.copy(key, element + layout.keyOffset(), layout.keySize());
  }

  /** Writes hash and key into an element that is not in the map. */
  final void name(long element, int hash, MemorySegment key) {
    Memory.putInt(element + HashLayout.HASH, hash);
    UserCopy.copy(key, 0, blocks.memory(), element + layout.keyOffset(), layout.keySize());
  }

  /** Counts a key more, unless there are as many as the map takes. */
  final boolean countUp() {
    int max = spec().maxEntries();
    int count;
    do {
      count = keys.get();
      if (count == max) {
        return false;
      }
    } while (!keys.compareAndSet(count, count + 1));
    return true;
  }

  /** The answer to the user to what an update gave. */
  final void answer(long result) {
    if (result >= 0) {
      return;
    }
    Errno errno = Errno.of((int) -result).orElseThrow();
    throw refusal(
        errno,
        switch (errno) {
          case E2BIG ->
              "it is full with %s elements"
                  .formatted(Integer.toUnsignedString(spec().maxEntries()));
          case EEXIST -> "the key exists already, and BPF_NOEXIST is given";
          case ENOENT -> "there is no such key, and BPF_EXIST is given";
          default -> "there are no such update flags";
        });
  }

  @Override
  final void reuse(long element) {
    keys.decrementAndGet();
    pool.give(element);
  }

  /** A key less, its element to the CPU. */
  final void reuse(Cpu cpu, long element) {
    keys.decrementAndGet();
    pool.give(cpu, element);
  }

  @Override
  public final long delete(Cpu cpu, long key) {
    long element = unlink(key, chains.hash(key));
    if (element == 0) {
      return -Errno.ENOENT.number();
    }
    retire(element);
    reuse(cpu, element);
    return 0;
  }

  @Override
  List<ValueArea> areas(boolean readable, boolean writable) {
    return pool.valueAreas(spec().valueSize(), readable, writable);
  }
}
