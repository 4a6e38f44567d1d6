package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.cpu.Slot;
import io.ebpf4j.jvm.memory.Cells;
import io.ebpf4j.jvm.memory.Memory;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A kernel's owners of local storage, by number, and the memory of their structures. Thread safe.
 */
public final class StorageOwners implements AutoCloseable {
  /** Where the kernel's table is found. */
  public static final Slot<StorageOwners> SLOT = Slot.of(StorageOwners.class);

  private final Map<Integer, Cells> structures = new ConcurrentHashMap<>();
  private final Deque<Integer> free = new ArrayDeque<>();
  private volatile @Nullable StorageOwner[] owners = new @Nullable StorageOwner[16];
  private volatile Consumer<StorageOwner> ending = owner -> {};
  private volatile BiPredicate<StorageOwner, StorageOwner> copying = (from, to) -> true;
  private int used;

  private StorageOwners() {}

  /** Makes a kernel's table, before its first owner. */
  public static StorageOwners install(Machine machine) {
    StorageOwners table = new StorageOwners();
    machine.slots().set(SLOT, table);
    return table;
  }

  /** Calls that for each owner when it ends: storage maps free its values. */
  public void whenOneEnds(Consumer<StorageOwner> action) {
    ending = action;
  }

  /** Calls that with an owner and one that gets copies of its values. */
  public void whenOneIsCopied(BiPredicate<StorageOwner, StorageOwner> action) {
    copying = action;
  }

  BiPredicate<StorageOwner, StorageOwner> copying() {
    return copying;
  }

  Consumer<StorageOwner> ending() {
    return ending;
  }

  /** The owner whose structure an address lies in: for who checks what a program touches. */
  public static Optional<StorageOwner> find(Machine machine, long address) {
    StorageOwners table = machine.slots().getOrSet(SLOT, StorageOwners::new);
    for (Cells cells : table.structures.values()) {
      long cell = cells.find(address);
      if (cell != 0) {
        return table.at(cell + StorageOwner.HEADER_BYTES, address);
      }
    }
    return Optional.empty();
  }

  private Optional<StorageOwner> at(long struct, long address) {
    int index = Memory.getInt(struct + StorageOwner.INDEX_OFFSET);
    @Nullable StorageOwner[] all = owners;
    StorageOwner owner = index >= 0 && index < all.length ? all[index] : null;
    return Optional.ofNullable(owner)
        .filter(found -> found.address() == struct)
        .filter(found -> address >= struct && address < struct + found.structBytes());
  }

  /** Owners that there are. */
  public synchronized int size() {
    return used - free.size();
  }

  /** Frees the structures, when there are neither owners nor readers. */
  @Override
  public void close() {
    structures.values().forEach(Cells::close);
  }

  long allocate(int structBytes) {
    return structures
        .computeIfAbsent(structBytes, bytes -> new Cells(StorageOwner.HEADER_BYTES + bytes, false))
        .allocate();
  }

  void free(long cell, int structBytes) {
    Cells cells = structures.get(structBytes);
    if (cells != null) {
      cells.free(cell);
    }
  }

  StorageOwner get(int index) {
    StorageOwner owner = owners[index];
    if (owner == null) {
      throw new IllegalStateException("there is no owner of storage with number " + index);
    }
    return owner;
  }

  synchronized int add(StorageOwner owner) {
    Integer reused = free.poll();
    int index = reused != null ? reused : used++;
    @Nullable StorageOwner[] all = owners;
    if (index == all.length) {
      all = Arrays.copyOf(all, 2 * index);
    }
    all[index] = owner;
    owners = all;
    return index;
  }

  synchronized void remove(int index) {
    owners[index] = null;
    free.add(index);
  }
}
