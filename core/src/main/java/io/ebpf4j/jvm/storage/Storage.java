package io.ebpf4j.jvm.storage;

import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.handle.FdTable;
import io.ebpf4j.jvm.map.MapKind;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.map.StorageOwner;
import io.ebpf4j.jvm.map.StorageOwners;
import io.ebpf4j.jvm.memory.Cells;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.jvm.memory.Rcu;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapType;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/** The local storage of a kernel: what its engine takes into its tables, and what maps share. */
public final class Storage implements AutoCloseable {
  /** Where a kernel's storage is found. */
  public static final Slot<Storage> SLOT = Slot.of(Storage.class);

  private final Machine machine;
  private final Limits limits;
  private final boolean poisoned;
  private final Map<Integer, Cells> pools = new ConcurrentHashMap<>();
  private final Cells caches;
  private final Map<MapType, int[]> cacheUse = new EnumMap<>(MapType.class);
  private final Rcu.ReadSide readSide;
  private final ReentrantLock reading = new ReentrantLock();
  private final Inodes inodes;
  private final AtomicLong charged = new AtomicLong();

  /**
   * Bounds of what values take, beside a socket's own: Linux has none for tasks, inodes and control
   * groups, and so this kernel has none unless its maker wants some.
   *
   * @param perOwner bytes of one owner's values, each charged with its size and 72 bytes, the first
   *     with 176 more
   * @param total bytes of all owners' values
   */
  public record Limits(long perOwner, long total) {
    /** No bounds. */
    public static final Limits NONE = new Limits(Long.MAX_VALUE, Long.MAX_VALUE);
  }

  /** Elements are being looked at that nobody else keeps. */
  interface Reading extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * The storage of a machine.
   *
   * @param poisoned whether freed values are filled with {@link Cells#POISON}
   */
  public Storage(Machine machine, Limits limits, boolean poisoned) {
    this.machine = machine;
    this.limits = limits;
    this.poisoned = poisoned;
    caches = new Cells(OwnerValues.CACHE_SLOTS * Long.BYTES, poisoned);
    inodes = new Inodes(machine);
    readSide = machine.rcu().newReader();
    machine.slots().set(SLOT, this);
    StorageOwners owners = machine.slots().get(StorageOwners.SLOT);
    owners.whenOneEnds(this::end);
    owners.whenOneIsCopied(this::copy);
  }

  /** The files that are open. */
  public Inodes inodes() {
    return inodes;
  }

  /** Lets files go, when no program runs any more. */
  public void closeFiles() {
    inodes.close();
  }

  /** The classes with the helpers by which programs reach values. */
  public static List<Class<?>> helpers() {
    return List.of(StorageHelpers.class);
  }

  /** Adds the structures of owners that are at home here. */
  public static void declareTypes(BtfBuilder types) {
    Inode.declare(types);
  }

  /** The storage map types. */
  public List<MapKind> mapKinds() {
    return List.of(
        new StorageKind(MapType.SK_STORAGE, this),
        new StorageKind(MapType.TASK_STORAGE, this),
        new StorageKind(MapType.INODE_STORAGE, this),
        new StorageKind(MapType.CGRP_STORAGE, this));
  }

  /** Bytes that all owners' values are charged with. */
  public long chargedBytes() {
    return charged.get();
  }

  /** Values that are in use or wait for a grace period. */
  public long elements() {
    return pools.values().stream().mapToLong(Cells::inUse).sum();
  }

  /** Bytes of memory taken for values and lookup caches, in use or not. */
  public long hostBytes() {
    return caches.hostBytes() + pools.values().stream().mapToLong(Cells::hostBytes).sum();
  }

  /** Frees the memory of values, when no program runs any more. */
  @Override
  public void close() {
    pools.values().forEach(Cells::close);
    caches.close();
  }

  /** The memory for elements of that many bytes. */
  Cells pool(int bytes) {
    return pools.computeIfAbsent((bytes + 7) & -8, size -> new Cells(size, poisoned));
  }

  Machine machine() {
    return machine;
  }

  /** The memory for lookup caches. */
  Cells caches() {
    return caches;
  }

  /** Gives a map the lookup cache's entry that the fewest others of its type use. */
  synchronized int takeCacheSlot(MapType type) {
    int[] use = cacheUse.computeIfAbsent(type, any -> new int[OwnerValues.CACHE_SLOTS]);
    int least = 0;
    for (int i = 1; i < use.length; i++) {
      if (use[i] < use[least]) {
        least = i;
      }
    }
    use[least]++;
    return least;
  }

  synchronized void giveCacheSlotBack(MapType type, int slot) {
    int[] use = cacheUse.get(type);
    if (use != null) {
      use[slot]--;
    }
  }

  /** Keeps every element and owner where it is, for one thread at a time. */
  Reading read() {
    reading.lock();
    readSide.enter();
    return () -> {
      readSide.exit();
      reading.unlock();
    };
  }

  /**
   * The owner that a descriptor names, held for the caller.
   *
   * @throws io.ebpf4j.BpfException EBADF; ENOTSOCK for what is no socket; ENOENT for a task that
   *     has ended
   */
  StorageOwner hold(StorageMap map, int fd) {
    Optional<Counted> named = machine.slots().get(FdTable.SLOT).hold(fd);
    if (named.isPresent()
        && named.get() instanceof StorageOwner owner
        && owner.storageType() == map.spec().type()) {
      if (owner.hasEnded()) {
        owner.release();
        throw map.refuse(Errno.ENOENT, owner + " has ended");
      }
      return owner;
    }
    named.ifPresent(Counted::release);
    if (map.spec().type() == MapType.INODE_STORAGE
        && named.isPresent()
        && !(named.get() instanceof StorageOwner)) {
      return inodes.holdAnonymous();
    }
    if (named.isPresent() && map.spec().type() == MapType.SK_STORAGE) {
      throw map.refuse(Errno.ENOTSOCK, "descriptor %d is no socket".formatted(fd));
    }
    throw map.refuse(
        Errno.EBADF,
        "descriptor %d is no %s".formatted(fd, StorageKind.ownerName(map.spec().type())));
  }

  /** Charges an owner, whose lock is held, if its limits allow it. */
  boolean charge(long owner, int bytes) {
    int before = Memory.getInt(owner + StorageOwner.CHARGED_OFFSET);
    int limit = Memory.getInt(owner + StorageOwner.LIMIT_OFFSET);
    if (limit != 0 && before + bytes >= limit || before + (long) bytes > limits.perOwner()) {
      return false;
    }
    if (charged.addAndGet(bytes) > limits.total()) {
      charged.addAndGet(-bytes);
      return false;
    }
    Memory.putInt(owner + StorageOwner.CHARGED_OFFSET, before + bytes);
    return true;
  }

  /** Gives back what {@link #charge} took. */
  void uncharge(long owner, int bytes) {
    int before = Memory.getInt(owner + StorageOwner.CHARGED_OFFSET);
    Memory.putInt(owner + StorageOwner.CHARGED_OFFSET, before - bytes);
    charged.addAndGet(-bytes);
  }

  /** An owner's end: its values go, and none is added. */
  private void end(StorageOwner ending) {
    long owner = ending.address();
    long cache;
    OwnerLock.lock(owner);
    try {
      Memory.putInt(owner + StorageOwner.ENDED_OFFSET, 1);
      long element;
      while ((element = Memory.getLong(owner + StorageOwner.VALUES_OFFSET)) != 0) {
        OwnerValues values = mapOf(element).values();
        values.unlink(owner, element);
        values.bury(element);
      }
      cache = Memory.getLong(owner + StorageOwner.CACHE_OFFSET);
      Memory.putLongRelease(owner + StorageOwner.CACHE_OFFSET, 0);
    } finally {
      OwnerLock.unlock(owner);
    }
    if (cache != 0) {
      machine.rcu().call(() -> caches.free(cache));
    }
  }

  /** Copies the values of maps with CLONE to a new owner; false where they are too much for it. */
  private boolean copy(StorageOwner from, StorageOwner to) {
    long owner = from.address();
    boolean done = true;
    OwnerLock.lock(owner);
    try {
      for (long element = Memory.getLong(owner + StorageOwner.VALUES_OFFSET);
          element != 0 && done;
          element = Memory.getLong(element + Element.NEXT_OF_OWNER)) {
        StorageMap map = mapOf(element);
        if (map.isCloned()) {
          done = map.values().copyTo(element + Element.VALUE, to.address()) == 0;
        }
      }
    } finally {
      OwnerLock.unlock(owner);
    }
    return done;
  }

  /** The map of an element that is in its lists: it cannot go before the element has. */
  private StorageMap mapOf(long element) {
    return (StorageMap)
        machine.slots().get(MapTable.SLOT).get(Memory.getLong(element + Element.MAP));
  }
}
