package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.map.PerfEvent.PacketBytes;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * PERF_EVENT_ARRAY: perf events, by convention one for each CPU at the CPU's number. Entries go
 * when the handle through which they were put is closed, unless the map has PRESERVE_ELEMS.
 */
public final class PerfEventArray extends FdArray<PerfEvent> {
  /** In the flags of an output: the index, as an unsigned 32-bit number. */
  public static final long INDEX_MASK = 0xffff_ffffL;

  /** The index that stands for the running CPU: BPF_F_CURRENT_CPU. */
  public static final long CURRENT_CPU = INDEX_MASK;

  private final AtomicReferenceArray<@Nullable Object> putters;

  private PerfEventArray(
      Machine machine,
      MapSpec spec,
      int id,
      Block struct,
      ArrayLayout layout,
      AtomicReferenceArray<@Nullable PerfEvent> entries,
      AtomicReferenceArray<@Nullable Object> putters) {
    super(machine, spec, id, struct, layout, entries);
    this.putters = putters;
  }

  static PerfEventArray create(Machine machine, MapSpec spec, int id) {
    ArrayLayout layout = ArrayLayout.of(spec);
    AtomicReferenceArray<@Nullable PerfEvent> entries = allocate(layout);
    AtomicReferenceArray<@Nullable Object> putters = allocate(layout);
    Block struct = ArrayElements.allocateStruct(machine, spec, id, layout);
    return machine
        .slots()
        .get(MapTable.SLOT)
        .add(new PerfEventArray(machine, spec, id, struct, layout, entries, putters));
  }

  /**
   * Puts a sample out, as bpf_perf_event_output does once its flags have been looked at.
   *
   * @param flags the index in the low 32 bits, or {@link #CURRENT_CPU}; others are not looked at
   * @param packet where the bytes behind the data come from, or null for none
   * @return 0 or a negative errno: E2BIG past the end, ENOENT for an empty element, EOPNOTSUPP for
   *     another CPU's event, ENOSPC for a full ring
   */
  public long output(
      Cpu cpu,
      long flags,
      long data,
      long dataBytes,
      @Nullable PacketBytes packet,
      long packetBytes) {
    long index = flags & INDEX_MASK;
    if (index == CURRENT_CPU) {
      index = cpu.number();
    }
    if (index >= layout.count()) {
      return -Errno.E2BIG.number();
    }
    PerfEvent event = entry((int) index);
    if (event == null) {
      return -Errno.ENOENT.number();
    }
    if (!event.isOn(cpu)) {
      return -Errno.ENOTSUP.number();
    }
    return event.output(data, dataBytes, packet, packetBytes);
  }

  @Override
  public void handleClosed(Object handle) {
    if ((spec().flags() & MapFlags.PRESERVE_ELEMS) != 0) {
      return;
    }
    for (int i = 0; i < length(); i++) {
      PerfEvent event = entry(i);
      if (event != null && putters.get(i) == handle) {
        remove(i, event);
      }
    }
  }

  @Override
  PerfEvent hold(int fd) {
    return held(fd, PerfEvent.class)
        .orElseThrow(() -> refusal(Errno.EBADF, "descriptor %d is no perf event".formatted(fd)));
  }

  @Override
  protected void set(MemorySegment key, MemorySegment value, long flags, @Nullable Object handle) {
    put(key, value, flags);
    putters.set((int) ArrayLayout.index(key), handle);
  }

  @Override
  protected boolean get(MemorySegment key, MemorySegment value, long flags) {
    throw refusal(Errno.ENOTSUPP, "the elements of PERF_EVENT_ARRAY cannot be looked up");
  }

  @Override
  int userValue(PerfEvent entry) {
    throw new IllegalStateException("a perf event has no value for users");
  }
}
