package io.ebpf4j.jvm.map;

import io.ebpf4j.BpfMap.Batch;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Blocks;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What all hashes have in common: keys of any size, looked up without a lock, elements in the order
 * of their buckets, the one put in last in front.
 */
abstract class HashElements extends JvmMap {
  final HashLayout layout;
  final Blocks blocks;
  final HashChains chains;

  HashElements(
      Machine machine, MapSpec spec, int id, SpecialFields fields, Parts parts, Block struct) {
    super(machine, spec, id, fields, struct);
    this.layout = parts.layout;
    this.blocks = parts.blocks;
    this.chains = parts.chains;
  }

  /** What a hash is made of, without elements. */
  record Parts(HashLayout layout, Blocks blocks, HashChains chains) {
    static Parts of(Machine machine, MapSpec spec, int id, Blocks blocks) {
      HashLayout layout = HashLayout.of(spec);
      long seed = (spec.flags() & MapFlags.ZERO_SEED) != 0 ? 0 : seed(machine, id);
      return new Parts(layout, blocks, new HashChains(layout, blocks, buckets(spec), seed));
    }

    /** A structure for a hash of these parts. */
    Block allocateStruct(Machine machine, MapSpec spec, int id) {
      Block struct = machine.slots().get(MapTable.SLOT).allocateStruct(MapStructs.HASH_BYTES);
      long address = MapTable.structAddress(struct);
      MapStructs.fill(address, spec, id);
      MapStructs.BUCKETS.put(address, chains.count());
      MapStructs.HASH_ELEM_SIZE.put(address, layout.stride());
      return struct;
    }

    private static int buckets(MapSpec spec) {
      int entries = spec.maxEntries();
      int count = entries == 1 ? 1 : Integer.highestOneBit(entries - 1) << 1;
      // As many as Linux has where they decide the order; else more, so that fewer keys share one.
      return (spec.flags() & MapFlags.ZERO_SEED) != 0 ? count : 2 * count;
    }

    /** A seed of a map's own, the same for each kernel that is made alike. */
    static long seed(Machine machine, int id) {
      long mixed = (machine.seed() + id) * 0x9e3779b97f4a7c15L;
      return (mixed ^ mixed >>> 29) * 0xbf58476d1ce4e5b9L | 1;
    }
  }

  /** The value of an element that a program on a CPU sees. */
  abstract long valueAddress(Cpu cpu, long element);

  /** Copies the value of an element to the user. */
  abstract void toUser(long element, MemorySegment value, boolean locked);

  /** Ends what the special fields of an element had going that is out of the map. */
  abstract void retire(long element);

  /** Takes back an element that is out of the map, from any thread. */
  abstract void reuse(long element);

  @Override
  public long lookup(Cpu cpu, long key) {
    long element = chains.find(key, chains.hash(key));
    return element == 0 ? 0 : valueAddress(cpu, element);
  }

  @Override
  public long delete(Cpu cpu, long key) {
    long element = unlink(key, chains.hash(key));
    if (element == 0) {
      return -Errno.ENOENT.number();
    }
    retire(element);
    reuse(element);
    return 0;
  }

  /** Takes the element of a key out of the map, and gives it or 0. */
  final long unlink(long key, int hash) {
    int bucket = chains.bucket(hash);
    long first = chains.lock(bucket);
    long element = chains.findLocked(first, key, hash);
    if (element == 0) {
      chains.unlock(bucket, first);
    } else {
      chains.remove(bucket, first, element);
    }
    return element;
  }

  @Override
  public long forEach(Cpu cpu, long function, long context, long flags) {
    if (flags != 0) {
      return -Errno.EINVAL.number();
    }
    long visited = 0;
    for (int bucket = 0; bucket < chains.count(); bucket++) {
      long element = chains.first(bucket);
      while (HashChains.isElement(element)) {
        visited++;
        long key = element + layout.keyOffset();
        long value = valueAddress(cpu, element);
        if (cpu.activation().call(cpu, function, address(), key, value, context, 0) != 0) {
          return visited;
        }
        element = HashChains.next(element);
      }
    }
    return visited;
  }

  @Override
  public ElementWalk walk() {
    return new ElementWalk(this);
  }

  @Override
  protected boolean get(MemorySegment key, MemorySegment value, long flags) {
    long element = chains.find(key, chains.hash(key));
    if (element == 0) {
      return false;
    }
    toUser(element, value, (flags & MapFlags.LOCK) != 0);
    return true;
  }

  @Override
  protected boolean next(@Nullable MemorySegment key, MemorySegment next) {
    long following = key == null ? chains.firstFrom(0) : following(key);
    if (following == 0) {
      return false;
    }
    keyToUser(following, next, 0);
    return true;
  }

  /** The element after a key, the first where it is not there, or 0. */
  private long following(MemorySegment key) {
    int hash = chains.hash(key);
    long element = chains.find(key, hash);
    if (element == 0) {
      return chains.firstFrom(0);
    }
    long next = chains.after(element);
    return next != 0 ? next : chains.firstFrom(chains.bucket(hash) + 1);
  }

  @Override
  protected boolean remove(MemorySegment key) {
    return take(key, element -> {});
  }

  @Override
  protected boolean take(MemorySegment key, MemorySegment value, long flags) {
    return take(key, element -> toUser(element, value, (flags & MapFlags.LOCK) != 0));
  }

  /** What is done with an element that was taken out of the map. */
  interface Taken {
    void taken(long element);
  }

  private boolean take(MemorySegment key, Taken last) {
    retain();
    try {
      long element = unlinkUsers(key);
      if (element == 0) {
        return false;
      }
      try {
        last.taken(element);
      } finally {
        retire(element);
        reuse(element);
      }
      return true;
    } finally {
      release();
    }
  }

  /** As {@link #unlink}, of a user's key, who holds the map. */
  private long unlinkUsers(MemorySegment key) {
    int hash = chains.hash(key);
    int bucket = chains.bucket(hash);
    while (true) {
      long found = chains.find(key, hash);
      if (found == 0) {
        return 0;
      }
      // Between finding and locking the element may have got another key or gone.
      long first = chains.lock(bucket);
      for (long at = first; HashChains.isElement(at); at = HashChains.next(at)) {
        if (at == found && chains.hasKey(at, key)) {
          chains.remove(bucket, first, at);
          return at;
        }
      }
      chains.unlock(bucket, first);
    }
  }

  final void keyToUser(long element, MemorySegment keys, long offset) {
    UserCopy.copy(blocks.memory(), element + layout.keyOffset(), keys, offset, spec().keySize());
  }

  @Override
  protected final boolean hasBatch() {
    return true;
  }

  @Override
  protected final boolean hasBatchDeletion() {
    return true;
  }

  @Override
  protected final boolean hasBatchTaking() {
    return true;
  }

  @Override
  int cursorSize() {
    return Integer.BYTES;
  }

  @Override
  final Batch lookupBatch(
      @Nullable MemorySegment in,
      MemorySegment out,
      MemorySegment keys,
      MemorySegment values,
      int count,
      long flags,
      boolean delete) {
    retain();
    try {
      return new HashBatch(this, keys, values, count, flags, delete).run(in, out);
    } finally {
      release();
    }
  }

  @Override
  protected final long valueBytes() {
    return blocks.size();
  }

  @Override
  protected final void freeValues() {
    blocks.close();
  }

  @Override
  public final List<ValueArea> valueAreas() {
    return areas(
        (spec().flags() & MapFlags.WRONLY_PROG) == 0, (spec().flags() & MapFlags.RDONLY_PROG) == 0);
  }

  abstract List<ValueArea> areas(boolean readable, boolean writable);
}
