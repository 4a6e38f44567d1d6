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
import org.jspecify.annotations.Nullable;

/**
 * A hash that makes room: where it has as many keys as it takes, a new one takes the element of one
 * that was not used lately. A program's lookup is a use, a user's is not. An element is taken
 * before it is known whether the key is new, so a key may have to go for nothing, as on Linux.
 */
abstract class LruElements extends HashElements {
  private static final long CACHE_LINE_BYTES = 64;

  /** Users' changes count as those of one CPU, like those of a thread that stays on it. */
  static final int USERS_CPU = 0;

  final LruPool pool;
  private final long elements;
  private final int count;

  LruElements(
      Machine machine,
      MapSpec spec,
      int id,
      SpecialFields fields,
      Parts parts,
      Block struct,
      long elements) {
    super(machine, spec, id, fields, parts, struct);
    this.elements = elements;
    this.count = spec.maxEntries();
    this.pool =
        LruPool.create(
            layout,
            blocks,
            this::evict,
            elements,
            count,
            machine.cpus().size(),
            (spec.flags() & MapFlags.NO_COMMON_LRU) == 0);
  }

  /** Memory for the elements of a map. */
  static long allocate(HashLayout layout, Blocks blocks, MapSpec spec) {
    return blocks.allocate(
        Math.multiplyExact((long) layout.stride(), spec.maxEntries()), CACHE_LINE_BYTES);
  }

  @Override
  public long lookup(Cpu cpu, long key) {
    long element = chains.find(key, chains.hash(key));
    if (element == 0) {
      return 0;
    }
    LruNodes.use(element);
    return valueAddress(cpu, element);
  }

  /** Why an update is refused for its flags, or null. */
  static @Nullable Errno refusedFlags(long flags) {
    return Long.compareUnsigned(flags, MapFlags.EXIST) > 0 ? Errno.EINVAL : null;
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

  /** The answer to the user to what an update gave. */
  final void answer(long result) {
    if (result >= 0) {
      return;
    }
    Errno errno = Errno.of((int) -result).orElseThrow();
    throw refusal(
        errno,
        switch (errno) {
          case ENOMEM -> "all its elements are in the hands of other threads just now";
          case EEXIST -> "the key exists already, and BPF_NOEXIST is given";
          case ENOENT -> "there is no such key, and BPF_EXIST is given";
          default -> "there are no such update flags";
        });
  }

  @Override
  final void reuse(long element) {
    pool.give(element);
  }

  /** Address of the first element. */
  final long elements() {
    return elements;
  }

  /** How many elements there are. */
  final int count() {
    return count;
  }

  private boolean evict(long element) {
    int bucket = chains.bucketOf(element);
    long first = chains.lock(bucket);
    for (long at = first; HashChains.isElement(at); at = HashChains.next(at)) {
      if (at == element) {
        chains.remove(bucket, first, element);
        retire(element);
        return true;
      }
    }
    chains.unlock(bucket, first);
    return false;
  }
}
