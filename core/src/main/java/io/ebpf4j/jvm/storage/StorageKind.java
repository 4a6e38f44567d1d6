package io.ebpf4j.jvm.storage;

import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.map.MapKind;
import io.ebpf4j.jvm.map.MapTypes;
import io.ebpf4j.jvm.map.SpecialFields;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;

/** The creation rules that all storage map types share. */
record StorageKind(MapType type, Storage storage) implements MapKind {
  /** Bytes of a value at most on x86-64: what one allocation of Linux's has room for. */
  private static final int MAX_VALUE_BYTES = 65_407;

  private static final int ALLOWED_FLAGS = MapFlags.NO_PREALLOC | MapFlags.CLONE;

  @Override
  public JvmMap create(Machine machine, MapSpec spec, int id) {
    if ((spec.flags() & MapFlags.NO_PREALLOC) == 0
        || (spec.flags() & ~ALLOWED_FLAGS) != 0
        || spec.maxEntries() != 0
        || spec.keySize() != Integer.BYTES
        || spec.valueSize() == 0) {
      throw MapTypes.refusal(spec, Errno.EINVAL, misshape(spec));
    }
    if (spec.btf() == null || spec.keyType() == 0 || spec.valueType() == 0) {
      throw MapTypes.refusal(
          spec, Errno.EINVAL, "%s needs BTF types of its keys and values".formatted(type));
    }
    if (Integer.compareUnsigned(spec.valueSize(), MAX_VALUE_BYTES) > 0) {
      throw MapTypes.refusal(
          spec,
          Errno.E2BIG,
          "a value has at most %d bytes, not %s"
              .formatted(MAX_VALUE_BYTES, Integer.toUnsignedString(spec.valueSize())));
    }
    SpecialFields fields = MapTypes.fields(spec);
    refuseUnbuilt(spec, fields, SpecialFields.Kind.USER_POINTER);
    refuseUnbuilt(spec, fields, SpecialFields.Kind.KERNEL_POINTER);
    return StorageMap.create(machine, spec, id, fields, storage);
  }

  private void refuseUnbuilt(MapSpec spec, SpecialFields fields, SpecialFields.Kind kind) {
    if (fields.has(kind)) {
      throw MapTypes.refusal(
          spec,
          Errno.ENOTSUPP,
          "values of %s with %s are not built in the JVM kernel yet".formatted(type, kind.label()));
    }
  }

  private String misshape(MapSpec spec) {
    if ((spec.flags() & MapFlags.NO_PREALLOC) == 0) {
      return "%s needs BPF_F_NO_PREALLOC".formatted(type);
    }
    if ((spec.flags() & ~ALLOWED_FLAGS) != 0) {
      return "%s takes no flags but NO_PREALLOC and CLONE, not 0x%x".formatted(type, spec.flags());
    }
    if (spec.maxEntries() != 0) {
      return "%s has max_entries 0, as many values as owners".formatted(type);
    }
    if (spec.keySize() != Integer.BYTES) {
      return "keys of %s are descriptors of 4 bytes, not %s"
          .formatted(type, Integer.toUnsignedString(spec.keySize()));
    }
    return "its values have 0 bytes";
  }

  /** What the owners of a type's values are called. */
  static String ownerName(MapType type) {
    return switch (type) {
      case TASK_STORAGE -> "pidfd";
      case INODE_STORAGE -> "open file";
      case CGRP_STORAGE -> "control group";
      default -> "socket";
    };
  }
}
