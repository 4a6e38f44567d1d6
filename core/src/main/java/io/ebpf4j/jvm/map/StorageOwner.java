package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.MapType;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An object that keeps a value of each local storage map with it: a socket, a task, an inode, a
 * cgroup.
 *
 * <p>Programs know it by the address of its structure in raw memory ({@code struct sock}, {@code
 * struct task_struct}, …), which its class lays out and fills; zeroed when it is made, freed a
 * grace period after the last holder has gone. In front of the structure, out of a program's reach,
 * lies a header of {@link #HEADER_BYTES} with what storage maps keep there and the owner's place in
 * the kernel's table of owners. Thread safe.
 */
public abstract class StorageOwner extends Counted {
  /** Bytes in front of the structure. */
  public static final int HEADER_BYTES = 40;

  /** Where the address of the newest value lies: 8 bytes, 0 without values. */
  public static final int VALUES_OFFSET = -8;

  /** Where the address of the lookup cache lies: 8 bytes, 0 without one. */
  public static final int CACHE_OFFSET = -16;

  /** Where the lock of the list of values lies: 4 bytes. */
  public static final int LOCK_OFFSET = -20;

  /** Where the bytes lie that values are charged with: 4 bytes. */
  public static final int CHARGED_OFFSET = -24;

  /** Where the bytes lie that the charge stays below, 0 where it has no bounds: 4 bytes. */
  public static final int LIMIT_OFFSET = -36;

  /** Where 1 lies once no value is to be added: 4 bytes. */
  public static final int ENDED_OFFSET = -28;

  static final int INDEX_OFFSET = -32;

  private final Machine machine;
  private final int structBytes;
  private final long address;
  private final AtomicBoolean ended = new AtomicBoolean();

  /**
   * Makes an owner, held once, with a zeroed structure.
   *
   * @param structBytes bytes of the structure that programs see, at least 8
   */
  protected StorageOwner(Machine machine, int structBytes) {
    this.machine = machine;
    this.structBytes = structBytes;
    StorageOwners owners = machine.slots().get(StorageOwners.SLOT);
    address = owners.allocate(structBytes) + HEADER_BYTES;
    Memory.putInt(address + INDEX_OFFSET, owners.add(this));
  }

  /**
   * The owner whose structure lies there.
   *
   * @param address of an owner that is held or seen in this RCU view; anything else is for the
   *     caller to exclude
   */
  public static StorageOwner at(Cpu cpu, long address) {
    return at(cpu.machine(), address);
  }

  /** As {@link #at(Cpu, long)}. */
  public static StorageOwner at(Machine machine, long address) {
    return machine.slots().get(StorageOwners.SLOT).get(Memory.getInt(address + INDEX_OFFSET));
  }

  /** The type of the maps that keep values with it. */
  public abstract MapType storageType();

  /** What the owner shares with all others of its kernel. */
  public final Machine machine() {
    return machine;
  }

  /** The address of its structure: what programs hold as a pointer to it. */
  public final long address() {
    return address;
  }

  /** Bytes of the structure. */
  public final int structBytes() {
    return structBytes;
  }

  /** Whether its values have gone for good. */
  public boolean hasEnded() {
    return ended.get();
  }

  /**
   * Ends it for storage: its values go, and there are none from now on, though it may have holders.
   * What a task does when its thread ends. Called a second time it does nothing.
   */
  public final void end() {
    if (ended.compareAndSet(false, true)) {
      machine.slots().get(StorageOwners.SLOT).ending().accept(this);
    }
  }

  /**
   * Copies its values of maps that were created with CLONE to a new owner, as accepting a
   * connection does.
   *
   * @return false where they are too much for the other's limit: it is not to be used then
   */
  public final boolean copyValuesTo(StorageOwner other) {
    return machine.slots().get(StorageOwners.SLOT).copying().test(this, other);
  }

  /**
   * Keeps the bytes that its values are charged with below a limit, above 0; Linux's optmem_max.
   */
  protected final void limitStorage(int bytes) {
    Memory.putInt(address + LIMIT_OFFSET, bytes);
  }

  /** Bytes that its values are charged with. */
  public final int storageBytes() {
    return Memory.getInt(address + CHARGED_OFFSET);
  }

  /** Lets go of what a subclass holds; the structure is still there. */
  protected void released() {}

  @Override
  protected final void free() {
    end();
    released();
    machine
        .rcu()
        .call(() -> {
          StorageOwners owners = machine.slots().get(StorageOwners.SLOT);
          owners.remove(Memory.getInt(address + INDEX_OFFSET));
          owners.free(address - HEADER_BYTES, structBytes);
        });
  }
}
