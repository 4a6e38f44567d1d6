package io.ebpf4j.jvm.map;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfType.Composite;
import io.ebpf4j.btf.BtfType.DataSection;
import io.ebpf4j.btf.BtfType.Int;
import io.ebpf4j.jvm.map.SpecialFields.Field;
import io.ebpf4j.jvm.map.SpecialFields.Kind;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.util.List;

/** Whether the BTF types of a map's keys and values go with the map, and what is in the values. */
final class MapValueTypes {
  private MapValueTypes() {}

  /**
   * The special fields of the values.
   *
   * @throws io.ebpf4j.BpfException EINVAL for types of other sizes or kinds, EACCES and ENOTSUP for
   *     special fields that the map cannot have
   */
  static SpecialFields check(MapSpec spec, Btf btf) {
    checkSize(spec, btf, "value", spec.valueType(), spec.valueSize());
    if (spec.keyType() != 0) {
      checkSize(spec, btf, "key", spec.keyType(), spec.keySize());
    }
    List<Field> fields = SpecialFieldFinder.find(btf, spec.valueType());
    fields.forEach(field -> checkField(spec, field.kind()));
    checkKey(spec, btf);
    return fields.isEmpty() ? SpecialFields.NONE : new SpecialFields(fields);
  }

  private static void checkSize(MapSpec spec, Btf btf, String what, int type, int size) {
    if (type < 0 || type >= btf.size() || !btf.hasSize(type)) {
      throw MapTypes.refusal(
          spec, Errno.EINVAL, "BTF type %d of its %s is no type with a size".formatted(type, what));
    }
    if (btf.sizeOf(type) != size) {
      throw MapTypes.refusal(
          spec,
          Errno.EINVAL,
          "the BTF type of its %s has %d bytes, not %s"
              .formatted(what, btf.sizeOf(type), Integer.toUnsignedString(size)));
    }
  }

  private static void checkField(MapSpec spec, Kind kind) {
    if ((spec.flags() & (MapFlags.RDONLY_PROG | MapFlags.WRONLY_PROG)) != 0) {
      throw MapTypes.refusal(
          spec,
          Errno.EACCES,
          "values with %s need programs that read and write".formatted(kind.label()));
    }
    if (kind == Kind.USER_POINTER && spec.type() != MapType.TASK_STORAGE) {
      throw MapTypes.refusal(spec, Errno.ENOTSUP, "only TASK_STORAGE has values with uptr");
    }
    if (!mayHave(spec.type(), kind)) {
      throw MapTypes.refusal(
          spec, Errno.ENOTSUP, "%s has no values with %s".formatted(spec.type(), kind.label()));
    }
    if (kind.isGraphRoot()) {
      throw MapTypes.refusal(
          spec,
          Errno.EINVAL,
          "values with %s are not built in the JVM kernel yet".formatted(kind.label()));
    }
  }

  private static boolean mayHave(MapType type, Kind kind) {
    return switch (kind) {
      case KERNEL_POINTER, REFERENCE_COUNT ->
          switch (type) {
            case QUEUE, STACK, BLOOM_FILTER, LPM_TRIE -> kind == Kind.REFERENCE_COUNT;
            default -> true;
          };
      case SPIN_LOCK, RESILIENT_SPIN_LOCK ->
          type == MapType.ARRAY || type == MapType.HASH || isStorage(type);
      case TIMER, WORK_QUEUE, TASK_WORK, LIST_HEAD, TREE_ROOT ->
          type == MapType.ARRAY || type == MapType.HASH || type == MapType.LRU_HASH;
      case USER_POINTER -> type == MapType.TASK_STORAGE;
    };
  }

  private static boolean isStorage(MapType type) {
    return switch (type) {
      case SK_STORAGE, TASK_STORAGE, INODE_STORAGE, CGRP_STORAGE -> true;
      default -> false;
    };
  }

  private static void checkKey(MapSpec spec, Btf btf) {
    boolean array = spec.type() == MapType.ARRAY || spec.type() == MapType.PERCPU_ARRAY;
    if (spec.type() == MapType.BLOOM_FILTER && spec.keyType() == 0) {
      return;
    }
    if (spec.type() == MapType.LPM_TRIE
        && !(btf.stripped(spec.keyType()) instanceof Composite key && !key.union())) {
      throw MapTypes.refusal(spec, Errno.EINVAL, "the BTF type of its key is no struct");
    }
    if (!array && !isStorage(spec.type()) && spec.keyType() != 0) {
      return;
    }
    if (spec.keyType() == 0) {
      boolean globals =
          spec.type() == MapType.ARRAY
              && spec.maxEntries() == 1
              && btf.type(spec.valueType()) instanceof DataSection;
      if (!globals) {
        throw MapTypes.refusal(
            spec, Errno.EINVAL, "only a section of globals has a BTF type for its value alone");
      }
    } else if (!(btf.stripped(spec.keyType()) instanceof Int key
        && key.bits() == Integer.SIZE
        && key.offset() == 0)) {
      throw MapTypes.refusal(
          spec, Errno.EINVAL, "the BTF type of its key is no integer of 32 bits");
    }
  }
}
