package io.ebpf4j.jvm.socket;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.handle.FdTable;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.map.SpecialFields;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * REUSEPORT_SOCKARRAY: members of reuseport groups by number. It does not hold its sockets: one
 * that is closed, connected or shut down leaves its slot by itself. A socket is in one slot of one
 * array. Slots change under the {@link SocketTable}'s lock; programs read them without one.
 */
final class ReuseportSockArray extends JvmMap {
  private static final int REFERENCE_BYTES = Long.BYTES;
  private static final long MAX_HEAP_ARRAY = Integer.MAX_VALUE - 8L;

  private final SocketTable table;
  private final AtomicReferenceArray<@Nullable InetSocket> slots;

  private ReuseportSockArray(
      Machine machine,
      MapSpec spec,
      int id,
      Block struct,
      AtomicReferenceArray<@Nullable InetSocket> slots) {
    super(machine, spec, id, SpecialFields.NONE, struct);
    this.table = machine.slots().get(SocketTable.SLOT);
    this.slots = slots;
  }

  static ReuseportSockArray create(Machine machine, MapSpec spec, int id) {
    long count = Integer.toUnsignedLong(spec.maxEntries());
    if (count > MAX_HEAP_ARRAY) {
      throw new OutOfMemoryError(count + " references are more than the heap takes");
    }
    AtomicReferenceArray<@Nullable InetSocket> slots = new AtomicReferenceArray<>((int) count);
    MapTable maps = machine.slots().get(MapTable.SLOT);
    Block struct = maps.allocateStruct(spec, id);
    return maps.add(new ReuseportSockArray(machine, spec, id, struct, slots));
  }

  /** The socket in a slot, a u32, or null where there is none or the slot is past the end. */
  @Nullable InetSocket entry(int index) {
    return Integer.compareUnsigned(index, slots.length()) < 0 ? slots.getAcquire(index) : null;
  }

  /** A socket leaves its slot by itself, under the lock. */
  void forget(int index, InetSocket socket) {
    slots.compareAndSet(index, socket, null);
  }

  @Override
  public List<ValueArea> valueAreas() {
    return List.of();
  }

  // Programs name the map to bpf_sk_select_reuseport alone: the verifier lets them do no more.

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
    return -Errno.EINVAL.number();
  }

  @Override
  protected boolean get(MemorySegment key, MemorySegment value, long flags) {
    if (spec().valueSize() != Long.BYTES) {
      throw refusal(
          Errno.ENOSPC,
          "a lookup gives a socket's cookie, of 8 bytes: create the map with values of 8 bytes");
    }
    InetSocket socket = entry(key.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
    if (socket == null) {
      return false;
    }
    value.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, socket.cookie());
    return true;
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    if (Long.compareUnsigned(flags, MapFlags.EXIST) > 0) {
      throw refusal(Errno.EINVAL, "there are no update flags 0x%x".formatted(flags));
    }
    int index = checkedIndex(key);
    Counted object = hold(descriptor(value));
    try {
      if (!(object instanceof InetSocket socket)) {
        throw refusal(Errno.ENOTSOCK, object + " is no socket");
      }
      put(index, socket, flags);
    } finally {
      object.release();
    }
  }

  private int descriptor(MemorySegment value) {
    if (spec().valueSize() == Integer.BYTES) {
      return value.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    }
    long fd = value.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
    if (Long.compareUnsigned(fd, Integer.MAX_VALUE) > 0) {
      throw refusal(Errno.EINVAL, "%s is no descriptor".formatted(Long.toUnsignedString(fd)));
    }
    return (int) fd;
  }

  private Counted hold(int fd) {
    return machine()
        .slots()
        .get(FdTable.SLOT)
        .hold(fd)
        .orElseThrow(() -> refusal(Errno.EBADF, "there is no descriptor " + fd));
  }

  private void put(int index, InetSocket socket, long flags) {
    table.lock.lock();
    try {
      InetSocket old = slots.get(index);
      if (old != null && flags == MapFlags.NOEXIST) {
        throw refusal(Errno.EEXIST, "there is a socket at %d already".formatted(index));
      }
      if (old == null && flags == MapFlags.EXIST) {
        throw refusal(Errno.ENOENT, "there is no socket at %d".formatted(index));
      }
      if (!socket.isReachable() || socket.group() == null) {
        throw refusal(
            Errno.EINVAL,
            socket + " shares no address: set SO_REUSEPORT and bind it, and TCP must listen");
      }
      if (socket.isInArray()) {
        throw refusal(Errno.EBUSY, socket + " is in an array of sockets already");
      }
      if (old != null) {
        old.leftArray();
      }
      socket.enterArray(this, index);
      slots.setRelease(index, socket);
    } finally {
      table.lock.unlock();
    }
  }

  @Override
  protected boolean remove(MemorySegment key) {
    int index = checkedIndex(key);
    table.lock.lock();
    try {
      InetSocket old = slots.getAndSet(index, null);
      if (old != null) {
        old.leftArray();
      }
      return old != null;
    } finally {
      table.lock.unlock();
    }
  }

  private int checkedIndex(MemorySegment key) {
    int index = key.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    if (Integer.compareUnsigned(index, slots.length()) >= 0) {
      throw refusal(
          Errno.E2BIG,
          "slot %s is past the end, it has %d"
              .formatted(Integer.toUnsignedString(index), slots.length()));
    }
    return index;
  }

  @Override
  protected boolean next(@Nullable MemorySegment key, MemorySegment next) {
    int index = key == null ? -1 : key.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    boolean first = Integer.compareUnsigned(index, slots.length()) >= 0;
    if (!first && index == slots.length() - 1) {
      return false;
    }
    next.set(ValueLayout.JAVA_INT_UNALIGNED, 0, first ? 0 : index + 1);
    return true;
  }

  @Override
  protected boolean hasBatch() {
    return false;
  }

  @Override
  protected long valueBytes() {
    return (long) slots.length() * REFERENCE_BYTES;
  }

  @Override
  protected void freeValues() {}

  @Override
  protected void releaseEntries() {
    table.lock.lock();
    try {
      for (int i = 0; i < slots.length(); i++) {
        InetSocket socket = slots.getAndSet(i, null);
        if (socket != null) {
          socket.leftArray();
        }
      }
    } finally {
      table.lock.unlock();
    }
  }
}
