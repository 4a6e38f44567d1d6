package io.ebpf4j.jvm.socket;

import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.MapKind;
import io.ebpf4j.jvm.map.MapTypes;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;

/** The creation rules of REUSEPORT_SOCKARRAY. */
final class ReuseportSockArrayKind implements MapKind {
  @Override
  public MapType type() {
    return MapType.REUSEPORT_SOCKARRAY;
  }

  @Override
  public JvmMap create(Machine machine, MapSpec spec, int id) {
    if (spec.valueSize() != Integer.BYTES && spec.valueSize() != Long.BYTES) {
      throw MapTypes.refusal(
          spec,
          Errno.EINVAL,
          "values of REUSEPORT_SOCKARRAY are descriptors of 4 or 8 bytes, not %s"
              .formatted(Integer.toUnsignedString(spec.valueSize())));
    }
    MapTypes.checkArray(
        spec,
        MapFlags.NUMA_NODE
            | MapFlags.RDONLY
            | MapFlags.WRONLY
            | MapFlags.RDONLY_PROG
            | MapFlags.WRONLY_PROG);
    MapTypes.checkName(spec);
    MapTypes.checkNoTypes(spec);
    return ReuseportSockArray.create(machine, spec, id);
  }
}
