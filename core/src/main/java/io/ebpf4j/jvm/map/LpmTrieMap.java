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
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * LPM_TRIE: a value for each prefix; a lookup gives that of the longest prefix that the key begins
 * with. Programs read without a lock, within their grace period. Users read without one too: they
 * look again where something changed meanwhile.
 */
public final class LpmTrieMap extends JvmMap {
  private static final VarHandle CHANGES = changes();

  private final Blocks blocks;
  private final NarrowLock lock;
  private final TrieNodes nodes;
  private final LpmTrie trie;
  private final long root;
  private final int dataSize;
  private final int maxLength;

  // Odd while the trie is being changed.
  private volatile long changes;

  private LpmTrieMap(Machine machine, MapSpec spec, int id, Block struct, Blocks blocks) {
    super(machine, spec, id, SpecialFields.NONE, struct);
    this.blocks = blocks;
    this.dataSize = spec.keySize() - LpmTrie.KEY_DATA;
    this.maxLength = dataSize * 8;
    this.root = blocks.allocate(Long.BYTES, Long.BYTES);
    this.lock = new NarrowLock();
    this.nodes = new TrieNodes(blocks, lock, machine.rcu(), dataSize, spec.valueSize());
    this.trie = new LpmTrie(nodes, root, maxLength, Integer.toUnsignedLong(spec.maxEntries()));
  }

  static LpmTrieMap create(Machine machine, MapSpec spec, int id) {
    MapTable table = machine.slots().get(MapTable.SLOT);
    Block struct = table.allocateStruct(spec, id);
    return table.add(new LpmTrieMap(machine, spec, id, struct, new Blocks()));
  }

  @Override
  public List<ValueArea> valueAreas() {
    return nodes.valueAreas(
        spec().valueSize(),
        (spec().flags() & MapFlags.WRONLY_PROG) == 0,
        (spec().flags() & MapFlags.RDONLY_PROG) == 0);
  }

  @Override
  public long lookup(Cpu cpu, long key) {
    long node = trie.find(key);
    return node == 0 ? 0 : nodes.value(node);
  }

  @Override
  public long update(Cpu cpu, long key, long value, long flags) {
    Errno refused = refused(Memory.getInt(key), flags);
    if (refused != null) {
      return -refused.number();
    }
    long fresh = allocate(Memory.getInt(key));
    RawCopy.copy(key + LpmTrie.KEY_DATA, TrieNodes.data(fresh), dataSize);
    RawCopy.copy(value, nodes.value(fresh), spec().valueSize());
    return put(fresh, flags);
  }

  @Override
  public long delete(Cpu cpu, long key) {
    int length = Memory.getInt(key);
    if (Integer.compareUnsigned(length, maxLength) > 0) {
      return -Errno.EINVAL.number();
    }
    begin();
    try {
      return trie.remove(key + LpmTrie.KEY_DATA, length);
    } finally {
      end();
    }
  }

  @Override
  protected boolean get(MemorySegment key, MemorySegment value, long flags) {
    while (true) {
      long before = changes;
      if ((before & 1) == 0) {
        long node = find(key);
        if (node > 0) {
          UserCopy.copy(blocks.memory(), nodes.value(node), value, 0, spec().valueSize());
        }
        VarHandle.acquireFence();
        if (node >= 0 && (long) CHANGES.getOpaque(this) == before) {
          return node != 0;
        }
      }
      Thread.onSpinWait();
    }
  }

  /** As {@link LpmTrie#find}, for a user; -1 where the way has no end, as the trie is changing. */
  private long find(MemorySegment key) {
    MemorySegment memory = blocks.memory();
    int length = key.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    if (Integer.compareUnsigned(length, maxLength) > 0) {
      return 0;
    }
    long found = 0;
    long node = memory.get(ValueLayout.JAVA_LONG, root);
    for (int steps = 0; node != 0; steps++) {
      if (steps > maxLength) {
        return -1;
      }
      int match = nodes.match(memory, node, key, LpmTrie.KEY_DATA, length);
      if (match == maxLength) {
        return node;
      }
      int nodeLength = TrieNodes.length(node);
      if (match < nodeLength) {
        break;
      }
      if (TrieNodes.hasValue(node)) {
        found = node;
      }
      int bit = TrieNodes.bit(key, LpmTrie.KEY_DATA, nodeLength);
      node = memory.get(ValueLayout.JAVA_LONG, TrieNodes.childSlot(node, bit));
    }
    return found;
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    int length = key.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    Errno refused = refused(length, flags);
    if (refused != null) {
      answer(-refused.number(), length);
    }
    retain();
    try {
      long fresh = allocate(length);
      try {
        MemorySegment memory = blocks.memory();
        MemorySegment.copy(key, LpmTrie.KEY_DATA, memory, TrieNodes.data(fresh), dataSize);
        UserCopy.copy(value, 0, memory, nodes.value(fresh), spec().valueSize());
      } catch (RuntimeException e) {
        free(fresh);
        throw e;
      }
      answer(put(fresh, flags), length);
    } finally {
      release();
    }
  }

  @Override
  protected boolean remove(MemorySegment key) {
    int length = key.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    if (Integer.compareUnsigned(length, maxLength) > 0) {
      answer(-Errno.EINVAL.number(), length);
    }
    retain();
    try (Block copy = copy(key)) {
      begin();
      try {
        return trie.remove(copy.address() + LpmTrie.KEY_DATA, length) == 0;
      } finally {
        end();
      }
    } finally {
      release();
    }
  }

  @Override
  protected boolean next(@Nullable MemorySegment key, MemorySegment next) {
    retain();
    lock.lock();
    try {
      long node = key == null ? trie.first() : after(key);
      if (node == 0) {
        return false;
      }
      next.set(ValueLayout.JAVA_INT_UNALIGNED, 0, TrieNodes.length(node));
      MemorySegment.copy(blocks.memory(), TrieNodes.data(node), next, LpmTrie.KEY_DATA, dataSize);
      return true;
    } finally {
      lock.unlock();
      release();
    }
  }

  private long after(MemorySegment key) {
    int length = key.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    if (Integer.compareUnsigned(length, maxLength) > 0) {
      return trie.first();
    }
    try (Block copy = copy(key)) {
      return trie.after(copy.address() + LpmTrie.KEY_DATA, length);
    }
  }

  private Block copy(MemorySegment key) {
    Block copy = Block.allocate(spec().keySize(), Long.BYTES);
    Memory.copy(key, 0, copy.address(), spec().keySize());
    return copy;
  }

  @Override
  protected boolean hasBatch() {
    return true;
  }

  @Override
  protected boolean hasBatchDeletion() {
    return true;
  }

  @Override
  protected long valueBytes() {
    return blocks.size();
  }

  @Override
  protected void freeValues() {
    blocks.close();
  }

  private @Nullable Errno refused(int length, long flags) {
    boolean wrong =
        Long.compareUnsigned(flags, MapFlags.EXIST) > 0
            || Integer.compareUnsigned(length, maxLength) > 0;
    return wrong ? Errno.EINVAL : null;
  }

  private long allocate(int length) {
    lock.lock();
    try {
      return nodes.allocate(length, true);
    } finally {
      lock.unlock();
    }
  }

  private void free(long fresh) {
    lock.lock();
    nodes.free(fresh);
    lock.unlock();
  }

  private long put(long fresh, long flags) {
    begin();
    try {
      long result = trie.put(fresh, flags);
      if (result != 0) {
        nodes.free(fresh);
      }
      return result;
    } finally {
      end();
    }
  }

  private void begin() {
    lock.lock();
    long _ = (long) CHANGES.getAndAdd(this, 1L);
  }

  private void end() {
    long _ = (long) CHANGES.getAndAdd(this, 1L);
    lock.unlock();
  }

  private void answer(long result, int length) {
    if (result == 0) {
      return;
    }
    Errno errno = Errno.of((int) -result).orElseThrow();
    throw refusal(
        errno,
        switch (errno) {
          case ENOSPC ->
              "it is full with %s prefixes"
                  .formatted(Integer.toUnsignedString(spec().maxEntries()));
          case EEXIST -> "the prefix exists already, and BPF_NOEXIST is given";
          case ENOENT -> "there is no such prefix, and BPF_EXIST is given";
          default ->
              "a prefix has at most %d bits, this one has %s; update flags are 0 to 2"
                  .formatted(maxLength, Integer.toUnsignedString(length));
        });
  }

  private static VarHandle changes() {
    try {
      return MethodHandles.lookup().findVarHandle(LpmTrieMap.class, "changes", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }
}
