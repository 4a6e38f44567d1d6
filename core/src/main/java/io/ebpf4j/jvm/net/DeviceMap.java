package io.ebpf4j.jvm.net;

import io.ebpf4j.jvm.context.LoadedProgram;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.handle.FdTable;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What DEVMAP and DEVMAP_HASH have in common: their entries, each a device and maybe the program
 * that runs when the map sends a frame by it. An entry never changes: an update publishes another
 * one, and what the old one held goes after a grace period.
 */
abstract class DeviceMap extends RedirectMap {
  private static final int PROGRAM_OFFSET = 4;

  private final NetDevices devices;
  private final DeviceMapValues values;
  private final ProgramOwner owner = new ProgramOwner();

  DeviceMap(
      Machine machine,
      MapSpec spec,
      int id,
      Block struct,
      NetDevices devices,
      DeviceMapValues values) {
    super(machine, spec, id, struct);
    this.devices = devices;
    this.values = values;
  }

  /** A device that frames go to. */
  static final class Entry implements Target {
    final int key;
    final NetDevice device;
    final @Nullable LoadedProgram program;
    final long value;

    /** The next one of a bucket: for DEVMAP_HASH. */
    volatile @Nullable Entry next;

    Entry(int key, NetDevice device, @Nullable LoadedProgram program, long value) {
      this.key = key;
      this.device = device;
      this.program = program;
      this.value = value;
    }

    @Override
    public int ifindex() {
      return device.ifindex();
    }

    @Override
    public @Nullable DropReason enqueue(SoftNet net, long frame, NetDevice from) {
      return device.enqueue(net, frame, from, program);
    }

    @Override
    public @Nullable DropReason enqueueGeneric(
        SoftNet net, long frame, NetDevice from, LoadedProgram user) {
      DropReason refused = device.refusal(frame);
      if (refused != null) {
        return refused;
      }
      LoadedProgram egress = program;
      if (egress == null || GenericXdp.runEgress(net, device, egress, frame)) {
        GenericXdp.transmit(net, device, frame, user);
      } else {
        device.statistics(net).txQueued++;
        device.drop(net, frame, DropReason.EGRESS_PROGRAM);
      }
      return null;
    }

    private boolean takes(long frame) {
      return device.driver().transmitsXdp() && device.refusal(frame) == null;
    }
  }

  /** The entry of a key, or null. */
  abstract @Nullable Entry entry(int key);

  /** The entry after one in the map's order, or the first. */
  abstract @Nullable Entry after(@Nullable Entry previous);

  /** Takes every entry for a device out, but none that has replaced one meanwhile. */
  abstract void removeDevice(NetDevice gone);

  @Override
  final @Nullable Target target(int key) {
    return entry(key);
  }

  @Override
  final long redirectFlags() {
    return XdpRedirect.BROADCAST | XdpRedirect.EXCLUDE_INGRESS;
  }

  @Override
  final @Nullable DropReason broadcast(SoftNet net, long frame, NetDevice from, boolean notBack) {
    Entry last = null;
    for (Entry entry = after(null); entry != null; entry = after(entry)) {
      if (!entry.takes(frame) || (notBack && entry.device == from)) {
        continue;
      }
      if (last != null) {
        sendCopy(net, last, frame, from);
      }
      last = entry;
    }
    if (last == null) {
      return DropReason.BROADCAST_WITHOUT_TARGET;
    }
    return last.enqueue(net, frame, from);
  }

  private static void sendCopy(SoftNet net, Entry entry, long frame, NetDevice from) {
    long copy = Frames.copy(net, frame);
    if (entry.enqueue(net, copy, from) == null) {
      from.statistics(net).cloned++;
    } else {
      net.frames().give(copy);
    }
  }

  // The stack's broadcast looks at no target beforehand: the first that refuses ends it.
  @Override
  final @Nullable DropReason broadcastGeneric(
      SoftNet net, long frame, NetDevice from, boolean notBack, LoadedProgram program) {
    Entry last = null;
    for (Entry entry = after(null); entry != null; entry = after(entry)) {
      if (notBack && entry.device == from) {
        continue;
      }
      if (last != null) {
        long copy = Frames.copy(net, frame);
        DropReason refused = last.enqueueGeneric(net, copy, from, program);
        if (refused != null) {
          net.frames().give(copy);
          return refused;
        }
        from.statistics(net).cloned++;
      }
      last = entry;
    }
    return last == null
        ? DropReason.BROADCAST_WITHOUT_TARGET
        : last.enqueueGeneric(net, frame, from, program);
  }

  /** Makes an entry of a value by the user. */
  final Entry newEntry(int key, int ifindex, int fd) {
    NetDevice device =
        devices
            .find(ifindex)
            .orElseThrow(() ->
                refusal(
                    Errno.EINVAL,
                    "there is no network device " + Integer.toUnsignedString(ifindex)));
    LoadedProgram program = fd > 0 ? egressProgram(fd) : null;
    long value = values.take();
    if (value == 0 && devices.current() == null) {
      machine().rcu().barrier();
      value = values.take();
    }
    if (value == 0) {
      release(program);
      throw refusal(Errno.ENOMEM, "too many old entries still wait for programs to leave them");
    }
    Memory.putInt(value, ifindex);
    Memory.putInt(value + PROGRAM_OFFSET, program == null ? 0 : program.id());
    return new Entry(key, device, program, value);
  }

  private LoadedProgram egressProgram(int fd) {
    Optional<Counted> held = machine().slots().get(FdTable.SLOT).hold(fd);
    if (held.isPresent() && held.get() instanceof LoadedProgram program) {
      if (program.spec().expectedAttachType() == AttachType.XDP_DEVMAP
          && owner.admits(program.spec())) {
        return program;
      }
      program.release();
      throw refusal(
          Errno.EINVAL,
          program.spec().expectedAttachType() == AttachType.XDP_DEVMAP
              ? "%s does not go with the map's first program, %s".formatted(program, owner)
              : "%s is not loaded for BPF_XDP_DEVMAP (section xdp/devmap)".formatted(program));
    }
    held.ifPresent(Counted::release);
    throw refusal(Errno.EINVAL, "descriptor %d is no program".formatted(fd));
  }

  private static void release(@Nullable LoadedProgram program) {
    if (program != null) {
      program.release();
    }
  }

  /** Lets an entry go that no reader finds any more. */
  final void retire(Entry entry) {
    machine()
        .rcu()
        .call(() -> {
          release(entry.program);
          values.give(entry.value);
        });
  }

  /** Lets an entry go that no reader has seen. */
  final void discard(Entry entry) {
    release(entry.program);
    values.give(entry.value);
  }

  static int ifindex(MemorySegment value) {
    return value.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
  }

  /** The descriptor of a program in a value, 0 for none. */
  final int descriptor(MemorySegment value) {
    return spec().valueSize() == Long.BYTES
        ? value.get(ValueLayout.JAVA_INT_UNALIGNED, PROGRAM_OFFSET)
        : 0;
  }

  static int number(MemorySegment key) {
    return key.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
  }

  /** The devices that it knows. */
  final NetDevices devices() {
    return devices;
  }

  /** Who may use the map. */
  final ProgramOwner owner() {
    return owner;
  }

  final void checkFlags(long flags) {
    if (Long.compareUnsigned(flags, MapFlags.EXIST) > 0) {
      throw refusal(Errno.EINVAL, "there are no update flags 0x%x".formatted(flags));
    }
  }

  @Override
  public final List<ValueArea> valueAreas() {
    return List.of(values.area(spec().valueSize()));
  }

  @Override
  public final long lookup(Cpu cpu, long key) {
    Entry entry = entry(Memory.getInt(key));
    return entry == null ? 0 : entry.value;
  }

  @Override
  public final long update(Cpu cpu, long key, long value, long flags) {
    return -Errno.EINVAL.number();
  }

  @Override
  public final long delete(Cpu cpu, long key) {
    return -Errno.EINVAL.number();
  }

  @Override
  protected final boolean get(MemorySegment key, MemorySegment value, long flags) {
    Entry entry = entry(number(key));
    if (entry == null) {
      return false;
    }
    value.set(ValueLayout.JAVA_INT_UNALIGNED, 0, entry.device.ifindex());
    if (spec().valueSize() == Long.BYTES) {
      LoadedProgram program = entry.program;
      value.set(ValueLayout.JAVA_INT_UNALIGNED, PROGRAM_OFFSET, program == null ? 0 : program.id());
    }
    return true;
  }

  @Override
  protected final boolean hasBatch() {
    return false;
  }

  @Override
  protected long valueBytes() {
    return values.bytes();
  }

  @Override
  protected final void freeValues() {
    values.close();
  }
}
