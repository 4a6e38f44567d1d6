package io.ebpf4j.jvm.net;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.context.ProgramTable;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.handle.FdTable;
import io.ebpf4j.jvm.map.MapKind;
import io.ebpf4j.jvm.map.MapTable;
import io.ebpf4j.jvm.map.MapTypes;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** CPUMAP: CPUs that go on with frames, by number. A change waits for the old queue to be empty. */
final class CpuMap extends RedirectMap implements ProgramTable {
  private static final int MAX_CPUS = 8192;
  private static final int MAX_QUEUE = 16_384;
  private static final int REFERENCE_BYTES = Long.BYTES;
  private static final int PROGRAM_OFFSET = 4;

  private final NetDevices devices;
  private final AtomicReferenceArray<@Nullable CpuQueue> slots;
  private final ProgramOwner owner = new ProgramOwner();

  private CpuMap(
      Machine machine,
      MapSpec spec,
      int id,
      Block struct,
      NetDevices devices,
      AtomicReferenceArray<@Nullable CpuQueue> slots) {
    super(machine, spec, id, struct);
    this.devices = devices;
    this.slots = slots;
  }

  /** How a CPUMAP is made. */
  record Kind(NetDevices devices) implements MapKind {
    @Override
    public MapType type() {
      return MapType.CPUMAP;
    }

    @Override
    public CpuMap create(Machine machine, MapSpec spec, int id) {
      if (spec.maxEntries() == 0
          || spec.keySize() != Integer.BYTES
          || (spec.valueSize() != Integer.BYTES && spec.valueSize() != Long.BYTES)
          || (spec.flags() & ~MapFlags.NUMA_NODE) != 0) {
        throw MapTypes.refusal(
            spec,
            Errno.EINVAL,
            "a CPUMAP has at least one entry, keys of 4 bytes, values of 4 (queue size) or 8 bytes"
                + " (queue size, program), and no flags but NUMA_NODE");
      }
      if (Integer.compareUnsigned(spec.maxEntries(), MAX_CPUS) > 0) {
        throw MapTypes.refusal(
            spec,
            Errno.E2BIG,
            "there are at most %d CPUs, not %s"
                .formatted(MAX_CPUS, Integer.toUnsignedString(spec.maxEntries())));
      }
      MapTypes.checkName(spec);
      MapTypes.checkNoTypes(spec);
      MapTable table = machine.slots().get(MapTable.SLOT);
      AtomicReferenceArray<@Nullable CpuQueue> slots =
          new AtomicReferenceArray<>(spec.maxEntries());
      Block struct = table.allocateStruct(spec, id);
      return table.add(new CpuMap(machine, spec, id, struct, devices, slots));
    }
  }

  @Override
  public void admit(ProgramSpec user) {
    if (!owner.admits(user)) {
      throw new BpfException(
          Errno.EINVAL,
          "program %s does not go with the first program of %s, %s"
              .formatted(user.name(), this, owner));
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
    int number = key.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    if (Integer.compareUnsigned(number, slots.length()) >= 0) {
      throw refusal(
          Errno.E2BIG,
          "CPU %s is past the end, it has %d"
              .formatted(Integer.toUnsignedString(number), slots.length()));
    }
    if (flags == MapFlags.NOEXIST) {
      throw refusal(Errno.EEXIST, "all entries exist already, so BPF_NOEXIST never holds");
    }
    int size = value.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    if (Integer.compareUnsigned(size, MAX_QUEUE) > 0) {
      throw refusal(
          Errno.EOVERFLOW,
          "a queue has at most %d frames, not %s"
              .formatted(MAX_QUEUE, Integer.toUnsignedString(size)));
    }
    List<Cpu> cpus = machine().cpus();
    if (number >= cpus.size()) {
      throw refusal(Errno.ENODEV, "there is no CPU " + number);
    }
    exchange(number, size == 0 ? null : newQueue(cpus.get(number), size, value));
  }

  private CpuQueue newQueue(Cpu cpu, int size, MemorySegment value) {
    int fd =
        spec().valueSize() == Long.BYTES
            ? value.get(ValueLayout.JAVA_INT_UNALIGNED, PROGRAM_OFFSET)
            : 0;
    return new CpuQueue(id(), size, cpu, fd > 0 ? program(fd) : null, devices.nets());
  }

  // Whatever is wrong with the program, Linux answers with the errno of no memory.
  private LoadedProgram program(int fd) {
    Optional<Counted> held = machine().slots().get(FdTable.SLOT).hold(fd);
    if (held.isPresent()
        && held.get() instanceof LoadedProgram program
        && program.spec().expectedAttachType() == AttachType.XDP_CPUMAP
        && owner.admits(program.spec())) {
      return program;
    }
    held.ifPresent(Counted::release);
    throw refusal(
        Errno.ENOMEM,
        "descriptor %d is no program for BPF_XDP_CPUMAP (section xdp/cpumap) that goes with this map"
            .formatted(fd));
  }

  private void exchange(int number, @Nullable CpuQueue queue) {
    CpuQueue old = slots.getAndSet(number, queue);
    if (old != null) {
      machine().rcu().call(old::stop);
    }
  }

  @Override
  protected boolean get(MemorySegment key, MemorySegment value, long flags) {
    int number = key.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    CpuQueue queue = Integer.compareUnsigned(number, slots.length()) < 0 ? slots.get(number) : null;
    if (queue == null) {
      return false;
    }
    value.set(ValueLayout.JAVA_INT_UNALIGNED, 0, queue.size());
    if (spec().valueSize() == Long.BYTES) {
      value.set(ValueLayout.JAVA_INT_UNALIGNED, PROGRAM_OFFSET, queue.programId());
    }
    return true;
  }

  @Override
  protected boolean remove(MemorySegment key) {
    int number = key.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    if (Integer.compareUnsigned(number, slots.length()) >= 0) {
      throw refusal(
          Errno.EINVAL, "CPU %s is past the end".formatted(Integer.toUnsignedString(number)));
    }
    exchange(number, null);
    return true;
  }

  @Override
  protected boolean next(@Nullable MemorySegment key, MemorySegment next) {
    int number = key == null ? -1 : key.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    if (Integer.compareUnsigned(number, slots.length()) >= 0) {
      number = -1;
    }
    if (number == slots.length() - 1) {
      return false;
    }
    next.set(ValueLayout.JAVA_INT_UNALIGNED, 0, number + 1);
    return true;
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
    return -Errno.EINVAL.number();
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
    for (int i = 0; i < slots.length(); i++) {
      exchange(i, null);
    }
  }
}
