package io.ebpf4j.jvm.net;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.context.ProgramTable;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** DEVMAP: an array of devices, by slot. A slot is changed by one atomic exchange. */
final class DevMap extends DeviceMap implements ProgramTable {
  private static final int REFERENCE_BYTES = Long.BYTES;

  private final AtomicReferenceArray<@Nullable Entry> slots;

  private DevMap(
      Machine machine,
      MapSpec spec,
      int id,
      Block struct,
      NetDevices devices,
      DeviceMapValues values,
      AtomicReferenceArray<@Nullable Entry> slots) {
    super(machine, spec, id, struct, devices, values);
    this.slots = slots;
  }

  static DevMap create(Machine machine, MapSpec spec, int id, NetDevices devices) {
    int count = DeviceMapKind.entries(spec);
    AtomicReferenceArray<@Nullable Entry> slots = new AtomicReferenceArray<>(count);
    DeviceMapValues values = new DeviceMapValues(count);
    MapTable table = machine.slots().get(MapTable.SLOT);
    Block struct = table.allocateStruct(spec, id);
    DevMap map = table.add(new DevMap(machine, spec, id, struct, devices, values, slots));
    devices.watch(map);
    return map;
  }

  @Override
  public void admit(ProgramSpec user) {
    if (!owner().admits(user)) {
      throw new BpfException(
          Errno.EINVAL,
          "program %s does not go with the first program of %s, %s"
              .formatted(user.name(), this, owner()));
    }
  }

  @Override
  @Nullable Entry entry(int key) {
    return Integer.compareUnsigned(key, slots.length()) < 0 ? slots.get(key) : null;
  }

  @Override
  @Nullable Entry after(@Nullable Entry previous) {
    for (int i = previous == null ? 0 : previous.key + 1; i < slots.length(); i++) {
      Entry entry = slots.get(i);
      if (entry != null) {
        return entry;
      }
    }
    return null;
  }

  @Override
  void removeDevice(NetDevice gone) {
    for (int i = 0; i < slots.length(); i++) {
      Entry entry = slots.get(i);
      if (entry != null && entry.device == gone) {
        remove(entry);
      }
    }
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    checkFlags(flags);
    int slot = number(key);
    if (Integer.compareUnsigned(slot, slots.length()) >= 0) {
      throw refusal(
          Errno.E2BIG,
          "slot %s is past the end, it has %d"
              .formatted(Integer.toUnsignedString(slot), slots.length()));
    }
    if (flags == MapFlags.NOEXIST) {
      throw refusal(Errno.EEXIST, "all slots exist already, so BPF_NOEXIST never holds");
    }
    Entry entry = entryOf(slot, ifindex(value), descriptor(value));
    Entry old = slots.getAndSet(slot, entry);
    if (old != null) {
      retire(old);
    }
    if (entry != null && entry.device.isGone()) {
      remove(entry);
    }
  }

  private @Nullable Entry entryOf(int slot, int ifindex, int fd) {
    if (ifindex != 0) {
      return newEntry(slot, ifindex, fd);
    }
    if (fd > 0) {
      throw refusal(Errno.EINVAL, "a program needs a device: ifindex is 0");
    }
    return null;
  }

  private void remove(Entry entry) {
    if (slots.compareAndSet(entry.key, entry, null)) {
      retire(entry);
    }
  }

  @Override
  protected boolean remove(MemorySegment key) {
    int slot = number(key);
    if (Integer.compareUnsigned(slot, slots.length()) >= 0) {
      throw refusal(
          Errno.EINVAL, "slot %s is past the end".formatted(Integer.toUnsignedString(slot)));
    }
    Entry old = slots.getAndSet(slot, null);
    if (old != null) {
      retire(old);
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
  protected long valueBytes() {
    return super.valueBytes() + (long) slots.length() * REFERENCE_BYTES;
  }

  @Override
  protected void releaseEntries() {
    devices().unwatch(this);
    for (int i = 0; i < slots.length(); i++) {
      Entry entry = slots.getAndSet(i, null);
      if (entry != null) {
        retire(entry);
      }
    }
  }
}
