package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * DEVMAP_HASH: devices by any key. A new entry goes to the head of its bucket, which the key's low
 * bits choose: that is the order of keys and of a broadcast. Writers take a lock, readers none.
 */
final class DevMapHash extends DeviceMap {
  private static final int REFERENCE_BYTES = Long.BYTES;

  private final AtomicReferenceArray<@Nullable Entry> buckets;
  private final int mask;
  private final Object lock = new Object();
  private int items;

  private DevMapHash(
      Machine machine,
      MapSpec spec,
      int id,
      Block struct,
      NetDevices devices,
      DeviceMapValues values,
      AtomicReferenceArray<@Nullable Entry> buckets) {
    super(machine, spec, id, struct, devices, values);
    this.buckets = buckets;
    this.mask = buckets.length() - 1;
  }

  static DevMapHash create(Machine machine, MapSpec spec, int id, NetDevices devices) {
    int count = DeviceMapKind.entries(spec);
    int bucketCount = count == 1 ? 1 : Integer.highestOneBit(count - 1) << 1;
    if (bucketCount < 0) {
      throw new OutOfMemoryError(count + " entries need more buckets than the heap takes");
    }
    AtomicReferenceArray<@Nullable Entry> buckets = new AtomicReferenceArray<>(bucketCount);
    DeviceMapValues values = new DeviceMapValues(count);
    MapTable table = machine.slots().get(MapTable.SLOT);
    Block struct = table.allocateStruct(spec, id);
    DevMapHash map = table.add(new DevMapHash(machine, spec, id, struct, devices, values, buckets));
    devices.watch(map);
    return map;
  }

  @Override
  @Nullable Entry entry(int key) {
    Entry entry = buckets.get(key & mask);
    while (entry != null && entry.key != key) {
      entry = entry.next;
    }
    return entry;
  }

  @Override
  @Nullable Entry after(@Nullable Entry previous) {
    int bucket = 0;
    if (previous != null) {
      Entry next = previous.next;
      if (next != null) {
        return next;
      }
      bucket = (previous.key & mask) + 1;
    }
    for (; bucket < buckets.length(); bucket++) {
      Entry first = buckets.get(bucket);
      if (first != null) {
        return first;
      }
    }
    return null;
  }

  @Override
  void removeDevice(NetDevice gone) {
    synchronized (lock) {
      for (Entry entry = after(null); entry != null; entry = after(entry)) {
        if (entry.device == gone) {
          unlink(entry);
          items--;
          retire(entry);
        }
      }
    }
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags) {
    checkFlags(flags);
    int ifindex = ifindex(value);
    if (ifindex == 0) {
      throw refusal(Errno.EINVAL, "ifindex is 0: delete the key instead");
    }
    synchronized (lock) {
      int number = number(key);
      Entry old = entry(number);
      if (old != null && (flags & MapFlags.NOEXIST) != 0) {
        throw refusal(Errno.EEXIST, "key %s is there".formatted(Integer.toUnsignedString(number)));
      }
      Entry entry = newEntry(number, ifindex, descriptor(value));
      if (old == null && items == DeviceMapKind.entries(spec())) {
        discard(entry);
        throw refusal(Errno.E2BIG, "it is full, with %d entries".formatted(items));
      }
      if (old == null) {
        items++;
      } else {
        unlink(old);
      }
      entry.next = buckets.get(number & mask);
      buckets.set(number & mask, entry);
      if (old != null) {
        retire(old);
      }
      if (entry.device.isGone()) {
        unlink(entry);
        items--;
        retire(entry);
      }
    }
  }

  @Override
  protected boolean remove(MemorySegment key) {
    synchronized (lock) {
      Entry entry = entry(number(key));
      if (entry == null) {
        return false;
      }
      unlink(entry);
      items--;
      retire(entry);
      return true;
    }
  }

  /** Takes an entry out of its bucket; readers that are on it go on from it. */
  private void unlink(Entry entry) {
    int bucket = entry.key & mask;
    Entry at = buckets.get(bucket);
    if (at == entry) {
      buckets.set(bucket, entry.next);
      return;
    }
    while (at != null) {
      Entry next = at.next;
      if (next == entry) {
        at.next = entry.next;
        return;
      }
      at = next;
    }
  }

  @Override
  protected boolean next(@Nullable MemorySegment key, MemorySegment next) {
    Entry following = after(key == null ? null : entry(number(key)));
    if (following == null) {
      return false;
    }
    next.set(ValueLayout.JAVA_INT_UNALIGNED, 0, following.key);
    return true;
  }

  @Override
  protected long valueBytes() {
    return super.valueBytes() + (long) buckets.length() * REFERENCE_BYTES;
  }

  @Override
  protected void releaseEntries() {
    devices().unwatch(this);
    synchronized (lock) {
      for (int i = 0; i < buckets.length(); i++) {
        for (Entry entry = buckets.getAndSet(i, null); entry != null; entry = entry.next) {
          retire(entry);
        }
      }
      items = 0;
    }
  }
}
