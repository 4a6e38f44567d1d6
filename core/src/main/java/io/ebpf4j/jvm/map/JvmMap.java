package io.ebpf4j.jvm.map;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap.Batch;
import io.ebpf4j.BpfMap.Mapping;
import io.ebpf4j.MapInfo;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.handle.TypeTable;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.KernelName;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A map of the kernel in the JVM: what programs reach through helpers by raw addresses, and what
 * users reach through {@link io.ebpf4j.BpfMap} by segments. This class holds what bpf(2) checks for
 * every type, in Linux's order; a type brings what it does with an element.
 *
 * <p>A program knows a map by the address of its {@code struct bpf_map} in raw memory, laid out as
 * {@link MapStructs} says.
 *
 * <p>Thread safe, as every subclass is.
 */
public abstract class JvmMap extends Counted implements MapShape {
  /** Mappings start on a page and are counted in pages. */
  static final long PAGE_BYTES = 4096;

  private final Machine machine;
  private final MapSpec spec;
  private final int id;
  private final SpecialFields fields;
  private final Block struct;
  private final int btfId;
  private final MapUser user;
  private final AtomicInteger writers = new AtomicInteger();
  private volatile boolean frozen;

  /**
   * Takes what the types have in common.
   *
   * @param fields the special fields of a value
   * @param struct the map's own structure, from {@link MapTable#allocateStruct}
   */
  protected JvmMap(Machine machine, MapSpec spec, int id, SpecialFields fields, Block struct) {
    this.machine = machine;
    this.spec = spec;
    this.id = id;
    this.fields = fields;
    this.struct = struct;
    boolean typed = (spec.keyType() | spec.valueType()) != 0;
    this.btfId = typed ? types(machine).add(spec.btf()) : 0;
    this.user = new MapUser(this, MapUser.Access.of(spec));
  }

  @Override
  public final MapSpec spec() {
    return spec;
  }

  /** The kernel-wide id. */
  public final int id() {
    return id;
  }

  /** What the kernel tells of it. */
  public final MapInfo info() {
    return new MapInfo(
        id,
        spec.type(),
        KernelName.of(spec.name()),
        spec.keySize(),
        spec.valueSize(),
        spec.maxEntries(),
        spec.flags() & ~(MapFlags.RDONLY | MapFlags.WRONLY),
        spec.extra(),
        btfId,
        btfId == 0 ? 0 : spec.keyType(),
        btfId == 0 ? 0 : spec.valueType(),
        memoryBytes(),
        frozen);
  }

  /** What the map shares with all others of its kernel. */
  protected final Machine machine() {
    return machine;
  }

  /**
   * The address of the map's {@code struct bpf_map}: what a program holds as a pointer to the map.
   */
  public final long address() {
    return MapTable.structAddress(struct);
  }

  /** Bytes of the structure at {@link #address} that programs may read. */
  public final long structSize() {
    return MapTable.structSize(struct);
  }

  @Override
  public final SpecialFields specialFields() {
    return fields;
  }

  // The program's side.

  /** Where values lie that programs may point at: for the checked interpreter. */
  public abstract List<ValueArea> valueAreas();

  /** The address of the value for the key at an address, or 0; a map of maps: of the inner map. */
  public abstract long lookup(Cpu cpu, long key);

  /** How a program's lookup is done without a call. */
  public LookupRecipe lookupRecipe() {
    return new LookupRecipe.Call();
  }

  /** As {@link #lookup}, but another CPU's value; 0 where the type has no value for each CPU. */
  public long lookupOn(int cpuNumber, long key) {
    return 0;
  }

  /** Sets a value from raw memory; 0 or a negative errno. */
  public abstract long update(Cpu cpu, long key, long value, long flags);

  /** Deletes a key; 0 or a negative errno. */
  public abstract long delete(Cpu cpu, long key);

  /**
   * Calls a function of the running program for the elements, until it gives anything but 0.
   *
   * @return how many were visited, or a negative errno
   */
  public long forEach(Cpu cpu, long function, long context, long flags) {
    return -Errno.EINVAL.number();
  }

  /** Whether a value of the map lies there. */
  boolean holdsValue(long value) {
    return false;
  }

  /**
   * Where the key of a value lies: in the map, or in room for it that the map writes it into.
   *
   * @param room 8 bytes
   */
  long keyOf(long value, long room) {
    throw new IllegalStateException("%s has no keys of values".formatted(spec.type()));
  }

  /** A walk over the elements for an iterator, where they have no indices; null for arrays. */
  public @Nullable ElementWalk walk() {
    return null;
  }

  // The user's side: as BpfMap says, with the same exceptions.

  /** Bytes of a value as the user sees it. */
  public int userValueSize() {
    return spec.valueSize();
  }

  /** Bytes held. */
  public final long memoryBytes() {
    return struct.size() + valueBytes();
  }

  /** Where values lie that users may read by index; null where they may not. */
  @Nullable ArrayValues arrayValues() {
    return null;
  }

  /** Whether its values can never change again: frozen, and for programs to read only. */
  public final boolean constant() {
    return frozen && (spec.flags() & MapFlags.RDONLY_PROG) != 0;
  }

  /** As {@link io.ebpf4j.BpfMap#frozen}. */
  public final boolean frozen() {
    return frozen;
  }

  /** The user's operations with the access that the map was created with. */
  public final MapUser user() {
    return user;
  }

  /** The user's operations with all access, which a descriptor has that was opened later. */
  public final MapUser userWithAllAccess() {
    return new MapUser(this, MapUser.Access.ALL);
  }

  /** A handle that may have been given to {@code update} has been closed. */
  public void handleClosed(Object handle) {}

  @Override
  public final String toString() {
    return "map " + (spec.name().isEmpty() ? "with id " + id : spec.name());
  }

  // What a type does.

  /** Bytes held besides the map's own structure. */
  protected abstract long valueBytes();

  /** Copies a value to the user, and says whether there is one. */
  protected abstract boolean get(MemorySegment key, MemorySegment value, long flags);

  /** Sets a value for the user. */
  protected abstract void set(MemorySegment key, MemorySegment value, long flags);

  /**
   * Counts a user who changes elements, which keeps the map from being frozen, until it is done.
   */
  final AtomicInteger writers() {
    return writers;
  }

  /** Ends changes by users, where nobody changes anything now. */
  final synchronized void endUpdates() {
    if (writers.get() > 0) {
      throw refusal(
          Errno.EBUSY, "it is mapped writable or being updated: close the mapping before freezing");
    }
    frozen = true;
    MapStructs.FROZEN.put(address(), 1);
  }

  /** Maps what {@link MapUser#mmap} has checked. */
  Mapping map(long offset, long length, boolean writable, MapUser.Access access) {
    throw refusal(Errno.ENOTSUPP, "%s cannot be mapped".formatted(spec.type()));
  }

  /** Sets a value for the user of a handle. */
  protected void set(MemorySegment key, MemorySegment value, long flags, @Nullable Object handle) {
    set(key, value, flags);
  }

  /** Deletes a key for the user, and says whether it was there. */
  protected abstract boolean remove(MemorySegment key);

  /** Copies the key after a key, or the first, and says whether there is one. */
  protected abstract boolean next(@Nullable MemorySegment key, MemorySegment next);

  /** Copies the value of a key to the user and deletes it, and says whether it was there. */
  protected boolean take(MemorySegment key, MemorySegment value, long flags) {
    throw refusal(Errno.ENOTSUPP, "%s has no lookup-and-delete".formatted(spec.type()));
  }

  /** Whether there are batch lookups and updates. */
  protected abstract boolean hasBatch();

  /** Whether there is a batch deletion. */
  protected boolean hasBatchDeletion() {
    return false;
  }

  /** Whether there is a batch lookup that deletes. */
  protected boolean hasBatchTaking() {
    return false;
  }

  /** Bytes of the cursor of a batch lookup. */
  int cursorSize() {
    return spec.keySize();
  }

  /** Does what {@link MapUser#lookupBatch} has checked, with deletion or without. */
  Batch lookupBatch(
      @Nullable MemorySegment in,
      MemorySegment out,
      MemorySegment keys,
      MemorySegment values,
      int count,
      long flags,
      boolean delete) {
    return MapBatch.lookup(this, in, out, keys, values, count, flags);
  }

  /** Frees what {@link #valueBytes} counts, after a grace period: no program sees it any more. */
  protected abstract void freeValues();

  /** Lets go of other objects, when the last holder has gone. */
  protected void releaseEntries() {}

  @Override
  protected final void free() {
    releaseEntries();
    types(machine).remove(btfId);
    machine
        .rcu()
        .call(() -> {
          machine.slots().get(MapTable.SLOT).remove(struct);
          freeValues();
        });
  }

  /** A refusal that names the map. */
  protected final BpfException refusal(Errno errno, String sentence) {
    return new BpfException(errno, this + ": " + sentence);
  }

  /** Notes a writable mapping, which keeps the map from being frozen. */
  protected final synchronized void writableMappingOpened() {
    if (frozen) {
      throw refusal(Errno.EPERM, "it is frozen and can only be mapped for reading");
    }
    if ((spec.flags() & MapFlags.RDONLY_PROG) != 0) {
      throw refusal(
          Errno.EACCES, "programs only read it (RDONLY_PROG), so it is mapped for reading only");
    }
    writers.incrementAndGet();
  }

  /** Notes that a writable mapping has gone. */
  protected final void writableMappingClosed() {
    writers.decrementAndGet();
  }

  /** Takes back what {@link MapUser#mmap} took. */
  final void unmapped(boolean writable) {
    if (writable) {
      writableMappingClosed();
    }
    release();
  }

  private static TypeTable types(Machine machine) {
    return machine.slots().getOrSet(TypeTable.SLOT, TypeTable::new);
  }

  /**
   * Raw memory in which values lie.
   *
   * @param base address of the first value
   * @param count values, one every {@code stride} bytes
   * @param stride bytes from value to value
   * @param valueSize bytes of each value that a program may touch
   * @param readable whether programs may load
   * @param writable whether programs may store
   */
  public record ValueArea(
      long base, long count, long stride, int valueSize, boolean readable, boolean writable) {}
}
