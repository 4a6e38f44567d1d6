package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;

/** The creation rules of the ring buffers. */
enum RingBufferKind implements MapKind {
  RINGBUF(MapType.RINGBUF),
  USER_RINGBUF(MapType.USER_RINGBUF);

  private final MapType type;

  RingBufferKind(MapType type) {
    this.type = type;
  }

  @Override
  public MapType type() {
    return type;
  }

  @Override
  public JvmMap create(Machine machine, MapSpec spec, int id) {
    int flags = spec.flags() & ~MapFlags.NUMA_NODE;
    if (flags != 0) {
      throw MapTypes.refusal(
          spec, Errno.EINVAL, "%s does not take the flags 0x%x".formatted(type, flags));
    }
    if (spec.keySize() != 0 || spec.valueSize() != 0) {
      throw MapTypes.refusal(
          spec, Errno.EINVAL, type + " has neither keys nor values: their sizes are 0");
    }
    long size = Integer.toUnsignedLong(spec.maxEntries());
    if (Long.bitCount(size) != 1 || size < JvmMap.PAGE_BYTES) {
      throw MapTypes.refusal(
          spec,
          Errno.EINVAL,
          "max_entries is its size in bytes, a power of two from %d on, not %d"
              .formatted(JvmMap.PAGE_BYTES, size));
    }
    MapTypes.checkName(spec);
    MapTypes.checkNoTypes(spec);
    return RingBufferMap.create(machine, spec, id);
  }
}
