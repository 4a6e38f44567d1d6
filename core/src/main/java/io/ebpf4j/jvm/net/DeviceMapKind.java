package io.ebpf4j.jvm.net;

import static io.ebpf4j.spec.MapFlags.NUMA_NODE;
import static io.ebpf4j.spec.MapFlags.RDONLY;
import static io.ebpf4j.spec.MapFlags.RDONLY_PROG;
import static io.ebpf4j.spec.MapFlags.WRONLY;

import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.MapKind;
import io.ebpf4j.jvm.map.MapTypes;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;

/** How DEVMAP and DEVMAP_HASH are made. Programs only read them, whatever their flags say. */
record DeviceMapKind(MapType type, NetDevices devices) implements MapKind {
  private static final int FLAGS = NUMA_NODE | RDONLY | WRONLY;
  private static final int MAX_ENTRIES = 1 << 28;

  @Override
  public JvmMap create(Machine machine, MapSpec spec, int id) {
    if (spec.maxEntries() == 0) {
      throw MapTypes.refusal(spec, Errno.EINVAL, "it has no entries: set max_entries above 0");
    }
    if (spec.keySize() != Integer.BYTES) {
      throw MapTypes.refusal(
          spec,
          Errno.EINVAL,
          "%s has keys of 4 bytes, not %s"
              .formatted(type, Integer.toUnsignedString(spec.keySize())));
    }
    if (spec.valueSize() != Integer.BYTES && spec.valueSize() != Long.BYTES) {
      throw MapTypes.refusal(
          spec,
          Errno.EINVAL,
          "values of %s are 4 bytes (ifindex) or 8 (ifindex, program), not %s"
              .formatted(type, Integer.toUnsignedString(spec.valueSize())));
    }
    if ((spec.flags() & ~FLAGS) != 0) {
      throw MapTypes.refusal(
          spec,
          Errno.EINVAL,
          "%s does not take the flags 0x%x".formatted(type, spec.flags() & ~FLAGS));
    }
    MapTypes.checkName(spec);
    MapTypes.checkNoTypes(spec);
    MapSpec readOnly = spec.withFlags(spec.flags() | RDONLY_PROG);
    return type == MapType.DEVMAP
        ? DevMap.create(machine, readOnly, id, devices)
        : DevMapHash.create(machine, readOnly, id, devices);
  }

  /**
   * Entries of a map at most.
   *
   * @throws OutOfMemoryError where they are more than the heap takes
   */
  static int entries(MapSpec spec) {
    if (Integer.compareUnsigned(spec.maxEntries(), MAX_ENTRIES) > 0) {
      throw new OutOfMemoryError(
          Integer.toUnsignedString(spec.maxEntries()) + " entries are more than the heap takes");
    }
    return spec.maxEntries();
  }
}
