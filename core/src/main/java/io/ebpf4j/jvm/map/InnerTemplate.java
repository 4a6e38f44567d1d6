package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.handle.Counted;
import io.ebpf4j.jvm.handle.FdTable;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import org.jspecify.annotations.Nullable;

/**
 * What the inner maps of a map of maps must be like: a map's shape without the map.
 *
 * @param spec of the map
 * @param specialFields of its values
 */
record InnerTemplate(MapSpec spec, SpecialFields specialFields) implements MapShape {
  /** Flags that belong to a map's descriptor, not to the map. */
  private static final int DESCRIPTOR_FLAGS = MapFlags.RDONLY | MapFlags.WRONLY;

  static InnerTemplate of(JvmMap map) {
    return new InnerTemplate(map.spec(), map.specialFields());
  }

  /**
   * The map that a descriptor names, held for a map of maps.
   *
   * @throws io.ebpf4j.BpfException EBADF for no descriptor, EINVAL for what is no such map
   */
  JvmMap hold(JvmMap outer, int fd) {
    Counted object =
        outer
            .machine()
            .slots()
            .get(FdTable.SLOT)
            .hold(fd)
            .orElseThrow(() -> outer.refusal(Errno.EBADF, "there is no descriptor " + fd));
    if (!(object instanceof JvmMap inner)) {
      object.release();
      throw outer.refusal(Errno.EINVAL, "descriptor %d is no map".formatted(fd));
    }
    String difference = difference(inner);
    if (difference != null) {
      inner.release();
      throw outer.refusal(
          Errno.EINVAL,
          "%s differs from the template of the inner maps in its %s".formatted(inner, difference));
    }
    return inner;
  }

  private @Nullable String difference(JvmMap inner) {
    MapSpec other = inner.spec();
    if (other.type() != spec.type()) {
      return "type";
    }
    if (other.keySize() != spec.keySize()) {
      return "key size";
    }
    if (other.valueSize() != spec.valueSize()) {
      return "value size";
    }
    if ((other.flags() & ~DESCRIPTOR_FLAGS) != (spec.flags() & ~DESCRIPTOR_FLAGS)) {
      return "flags";
    }
    if (!inner.specialFields().fields().equals(specialFields.fields())) {
      return "special fields";
    }
    boolean anyCount = other.type() != MapType.ARRAY || (spec.flags() & MapFlags.INNER_MAP) != 0;
    return anyCount || other.maxEntries() == spec.maxEntries() ? null : "max_entries";
  }
}
