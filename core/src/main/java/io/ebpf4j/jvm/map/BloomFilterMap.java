package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * BLOOM_FILTER: bits by which a value that was put in is told from most that were not. With a seed
 * of 0 the same values are mistaken as on Linux.
 */
public final class BloomFilterMap extends JvmMap implements ValueStore {
  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();
  private static final int DEFAULT_HASHES = 5;
  private static final long MAX_BITS = 1L << 32;

  private final Block bits;
  private final long mask;
  private final int hashes;
  private final int seed;
  private final int valueSize;

  private BloomFilterMap(
      Machine machine, MapSpec spec, int id, Block struct, Block bits, int hashes, long mask) {
    super(machine, spec, id, SpecialFields.NONE, struct);
    this.bits = bits;
    this.hashes = hashes;
    this.mask = mask;
    this.valueSize = spec.valueSize();
    boolean zero = (spec.flags() & MapFlags.ZERO_SEED) != 0;
    this.seed = zero ? 0 : (int) (HashElements.Parts.seed(machine, id) >>> 32);
  }

  static BloomFilterMap create(Machine machine, MapSpec spec, int id) {
    int hashes = spec.extra() == 0 ? DEFAULT_HASHES : (int) spec.extra();
    long count = bits(Integer.toUnsignedLong(spec.maxEntries()), hashes);
    Block bits = Block.allocate(count / 8, Long.BYTES);
    MapTable table = machine.slots().get(MapTable.SLOT);
    Block struct = table.allocateStruct(spec, id);
    return table.add(new BloomFilterMap(machine, spec, id, struct, bits, hashes, count - 1));
  }

  /** About 1.4 bits for each value and hash, a power of two of them. */
  private static long bits(long values, int hashes) {
    long wanted = values * hashes;
    boolean tooMany = wanted >= MAX_BITS || (wanted = wanted / 5 * 7) > MAX_BITS / 2;
    if (tooMany) {
      return MAX_BITS;
    }
    return wanted <= Long.SIZE ? Long.SIZE : Long.highestOneBit(wanted - 1) << 1;
  }

  @Override
  public long push(long value, long flags) {
    if (flags != MapFlags.ANY) {
      return -Errno.EINVAL.number();
    }
    for (int i = 0; i < hashes; i++) {
      long bit = bit(Jenkins.hash(value, valueSize, seed + i));
      long word = bits.address() + wordOffset(bit);
      if ((Memory.getLong(word) & 1L << bit) == 0) {
        Memory.getAndBitwiseOrLong(word, 1L << bit);
      }
    }
    return 0;
  }

  @Override
  public long peek(long value) {
    for (int i = 0; i < hashes; i++) {
      long bit = bit(Jenkins.hash(value, valueSize, seed + i));
      if ((Memory.getLong(bits.address() + wordOffset(bit)) & 1L << bit) == 0) {
        return -Errno.ENOENT.number();
      }
    }
    return 0;
  }

  @Override
  public long pop(long value) {
    return -Errno.ENOTSUP.number();
  }

  @Override
  protected boolean get(MemorySegment key, MemorySegment value, long flags) {
    for (int i = 0; i < hashes; i++) {
      long bit = bit(Jenkins.hash(value, valueSize, seed + i));
      if ((bits.segment().get(ValueLayout.JAVA_LONG, wordOffset(bit)) & 1L << bit) == 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    if (flags != MapFlags.ANY) {
      throw refusal(Errno.EINVAL, "the flags of a push are 0");
    }
    for (int i = 0; i < hashes; i++) {
      long bit = bit(Jenkins.hash(value, valueSize, seed + i));
      long _ = (long) LONG.getAndBitwiseOr(bits.segment(), wordOffset(bit), 1L << bit);
    }
  }

  private long bit(int hash) {
    return Integer.toUnsignedLong(hash) & mask;
  }

  private static long wordOffset(long bit) {
    return bit >>> 6 << 3;
  }

  @Override
  protected boolean remove(MemorySegment key) {
    throw refusal(Errno.ENOTSUP, "what is in a BLOOM_FILTER stays in");
  }

  @Override
  protected boolean next(@Nullable MemorySegment key, MemorySegment next) {
    throw refusal(Errno.ENOTSUP, "a BLOOM_FILTER has no keys");
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
    return -Errno.EINVAL.number();
  }

  @Override
  public long delete(Cpu cpu, long key) {
    return -Errno.ENOTSUP.number();
  }

  @Override
  protected boolean hasBatch() {
    return false;
  }

  @Override
  protected long valueBytes() {
    return bits.size();
  }

  @Override
  protected void freeValues() {
    bits.close();
  }
}
