package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.handle.FdTable;
import io.ebpf4j.jvm.map.MapKind;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.map.MapTypes;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.jvm.net.FrameReceiver.Socket;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * XSKMAP: receivers of frames, by slot. A program that looks one up sees the number of its queue,
 * which is all that a {@code struct bpf_xdp_sock} has. A closed receiver leaves every map.
 */
final class XskMap extends RedirectMap {
  private static final int MAX_ENTRIES = 1 << 28;
  private static final int VALUE_STRIDE = 8;

  private final NetDevices devices;
  private final AtomicReferenceArray<@Nullable Socket> slots;
  private final Block values;
  private final Object lock = new Object();

  private XskMap(
      Machine machine,
      MapSpec spec,
      int id,
      Block struct,
      NetDevices devices,
      AtomicReferenceArray<@Nullable Socket> slots,
      Block values) {
    super(machine, spec, id, struct);
    this.devices = devices;
    this.slots = slots;
    this.values = values;
  }

  /** How an XSKMAP is made. */
  record Kind(NetDevices devices) implements MapKind {
    private static final int FLAGS = MapFlags.NUMA_NODE | MapFlags.RDONLY | MapFlags.WRONLY;

    @Override
    public MapType type() {
      return MapType.XSKMAP;
    }

    @Override
    public XskMap create(Machine machine, MapSpec spec, int id) {
      if (spec.maxEntries() == 0
          || spec.keySize() != Integer.BYTES
          || spec.valueSize() != Integer.BYTES
          || (spec.flags() & ~FLAGS) != 0) {
        throw MapTypes.refusal(
            spec,
            Errno.EINVAL,
            "an XSKMAP has at least one entry, keys and values of 4 bytes, and no flags but"
                + " NUMA_NODE, RDONLY and WRONLY");
      }
      if (Integer.compareUnsigned(spec.maxEntries(), MAX_ENTRIES) > 0) {
        throw new OutOfMemoryError("more entries than the heap takes");
      }
      MapTypes.checkName(spec);
      MapTypes.checkNoTypes(spec);
      MapTable table = machine.slots().get(MapTable.SLOT);
      int count = spec.maxEntries();
      AtomicReferenceArray<@Nullable Socket> slots = new AtomicReferenceArray<>(count);
      Block values = Block.allocate((long) count * VALUE_STRIDE, VALUE_STRIDE);
      Block struct = table.allocateStruct(spec, id);
      MapSpec readOnly = spec.withFlags(spec.flags() | MapFlags.RDONLY_PROG);
      XskMap map = table.add(new XskMap(machine, readOnly, id, struct, devices, slots, values));
      devices.watch(map);
      return map;
    }
  }

  /** Takes a receiver out. */
  void removeSocket(Socket gone) {
    for (int i = 0; i < slots.length(); i++) {
      if (slots.compareAndSet(i, gone, null)) {
        gone.release();
      }
    }
  }

  @Override
  @Nullable Target target(int key) {
    return Integer.compareUnsigned(key, slots.length()) < 0 ? slots.get(key) : null;
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    if (Long.compareUnsigned(flags, MapFlags.EXIST) > 0) {
      throw refusal(Errno.EINVAL, "there are no update flags 0x%x".formatted(flags));
    }
    int slot = number(key);
    if (Integer.compareUnsigned(slot, slots.length()) >= 0) {
      throw refusal(
          Errno.E2BIG,
          "slot %s is past the end, it has %d"
              .formatted(Integer.toUnsignedString(slot), slots.length()));
    }
    Socket socket = socket(value.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
    synchronized (lock) {
      Socket old = slots.get(slot);
      Errno refused =
          old == socket
              ? null
              : old != null && flags == MapFlags.NOEXIST
                  ? Errno.EEXIST
                  : old == null && flags == MapFlags.EXIST ? Errno.ENOENT : null;
      if (refused != null || old == socket) {
        socket.release();
        if (refused != null) {
          throw refusal(refused, "slot %d is %s".formatted(slot, old == null ? "empty" : "taken"));
        }
        return;
      }
      Memory.putInt(valueAddress(slot), socket.queue());
      slots.set(slot, socket);
      if (old != null) {
        old.release();
      }
    }
  }

  private Socket socket(int fd) {
    Counted held =
        machine()
            .slots()
            .get(FdTable.SLOT)
            .hold(fd)
            .orElseThrow(() -> refusal(Errno.EBADF, "there is no descriptor " + fd));
    if (held instanceof Socket socket) {
      return socket;
    }
    held.release();
    throw refusal(Errno.ENOTSOCK, "descriptor %d is no frame receiver".formatted(fd));
  }

  private long valueAddress(int slot) {
    return values.address() + (long) slot * VALUE_STRIDE;
  }

  private static int number(MemorySegment key) {
    return key.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
  }

  @Override
  protected boolean get(MemorySegment key, MemorySegment value, long flags) {
    throw refusal(Errno.ENOTSUP, "the elements of XSKMAP cannot be looked up");
  }

  @Override
  protected boolean remove(MemorySegment key) {
    int slot = number(key);
    if (Integer.compareUnsigned(slot, slots.length()) >= 0) {
      throw refusal(
          Errno.EINVAL, "slot %s is past the end".formatted(Integer.toUnsignedString(slot)));
    }
    Socket old = slots.getAndSet(slot, null);
    if (old != null) {
      old.release();
    }
    return true;
  }

  @Override
  protected boolean next(@Nullable MemorySegment key, MemorySegment next) {
    int slot = key == null ? -1 : number(key);
    if (Integer.compareUnsigned(slot, slots.length()) >= 0) {
      slot = -1;
    }
    if (slot == slots.length() - 1) {
      return false;
    }
    next.set(ValueLayout.JAVA_INT_UNALIGNED, 0, slot + 1);
    return true;
  }

  @Override
  public List<ValueArea> valueAreas() {
    return List.of(
        new ValueArea(values.address(), slots.length(), VALUE_STRIDE, Integer.BYTES, true, false));
  }

  @Override
  public long lookup(Cpu cpu, long key) {
    int slot = Memory.getInt(key);
    return target(slot) == null ? 0 : valueAddress(slot);
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
  protected boolean hasBatch() {
    return false;
  }

  @Override
  protected long valueBytes() {
    return values.size() + (long) slots.length() * Long.BYTES;
  }

  @Override
  protected void freeValues() {
    values.close();
  }

  @Override
  protected void releaseEntries() {
    devices.unwatch(this);
    for (int i = 0; i < slots.length(); i++) {
      Socket old = slots.getAndSet(i, null);
      if (old != null) {
        old.release();
      }
    }
  }
}
