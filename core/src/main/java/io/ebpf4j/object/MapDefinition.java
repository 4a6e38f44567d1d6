package io.ebpf4j.object;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the struct of one map says. {@code __uint(name, number)} is a pointer to an array of that
 * length, {@code __ulong} an enum with that constant, {@code __type(name, type)} a pointer to the
 * type, {@code __array(values, type)} an array of pointers to it.
 */
final class MapDefinition {
  private static final int LONGEST_KERNEL_NAME = 15;

  private final ElfFile elf;
  private final Btf btf;
  private final String name;
  private final boolean inner;

  private long type;
  private long maxEntries;
  private long flags;
  private long numaNode;
  private long extra;
  private long keySize = -1;
  private long valueSize = -1;
  private int keyType;
  private int valueType;
  private MapSpec.Pinning pinning = MapSpec.Pinning.NONE;
  private BtfType.@Nullable Member values;
  private @Nullable MapSpec template;

  /** Reads the members of {@code definition}, of the template of an inner map too. */
  MapDefinition(ElfFile elf, Btf btf, String name, BtfType.Composite definition, boolean inner) {
    this.elf = elf;
    this.btf = btf;
    this.name = name;
    this.inner = inner;
    for (BtfType.Member member : definition.members()) {
      if (values != null) {
        throw elf.broken("map %s has member %s behind values", name, member.name());
      }
      read(member);
    }
  }

  /** The kernel takes at most 15 bytes of a name. */
  static String kernelName(String name) {
    return name.length() <= LONGEST_KERNEL_NAME ? name : name.substring(0, LONGEST_KERNEL_NAME);
  }

  /** Where in the struct its initial values begin, or -1. */
  long valuesOffset() {
    return values == null ? -1 : values.bitOffset() / Byte.SIZE;
  }

  MapSpec spec() {
    if (type == 0) {
      throw elf.broken("map %s has no type; add __uint(type, BPF_MAP_TYPE_…)", name);
    }
    MapType mapType =
        MapType.ofId((int) Math.min(type, Integer.MAX_VALUE))
            .orElseThrow(
                () -> elf.broken("map %s has type %d, which Linux 6.18 does not know", name, type));
    checkValues(mapType);
    return new MapSpec(
        kernelName(name),
        mapType,
        (int) Math.max(keySize, 0),
        (int) Math.max(valueSize, 0),
        (int) maxEntries,
        (int) flags,
        (int) numaNode,
        extra,
        keyType != 0 || valueType != 0 ? btf : null,
        keyType,
        valueType,
        template,
        pinning,
        null,
        Map.of(),
        false,
        false);
  }

  private void read(BtfType.Member member) {
    switch (member.name()) {
      case "type" -> type = number(member);
      case "max_entries" -> maxEntries = number(member);
      case "map_flags" -> flags = number(member);
      case "numa_node" -> numaNode = number(member);
      case "map_extra" -> extra = longNumber(member);
      case "key_size" -> keySize = agreed(member, keySize, number(member));
      case "value_size" -> valueSize = agreed(member, valueSize, number(member));
      case "key" -> {
        keyType = pointed(member);
        keySize = agreed(member, keySize, size(member, keyType));
      }
      case "value" -> {
        valueType = pointed(member);
        valueSize = agreed(member, valueSize, size(member, valueType));
      }
      case "values" -> values = member;
      case "pinning" -> pinning = pinning(member);
      default ->
          throw elf.broken(
              "map %s has a member %s, which means nothing in a map's declaration",
              name, member.name().isEmpty() ? "without a name" : member.name());
    }
  }

  private MapSpec.Pinning pinning(BtfType.Member member) {
    if (inner) {
      throw elf.broken("map %s is an inner map, which cannot be pinned", name);
    }
    long number = number(member);
    if (number > 1) {
      throw elf.broken(
          "map %s has pinning %d; LIBBPF_PIN_NONE is 0, LIBBPF_PIN_BY_NAME is 1", name, number);
    }
    return number == 1 ? MapSpec.Pinning.BY_NAME : MapSpec.Pinning.NONE;
  }

  private void checkValues(MapType mapType) {
    if (values == null) {
      return;
    }
    boolean ofMaps = mapType == MapType.ARRAY_OF_MAPS || mapType == MapType.HASH_OF_MAPS;
    if (!ofMaps && mapType != MapType.PROG_ARRAY) {
      throw elf.broken(
          "map %s has initial values, which only a map of maps or of programs takes", name);
    }
    if (inner) {
      throw elf.broken(
          "map %s has maps in its inner maps; one level is all that Linux takes", name);
    }
    valueSize = agreed(values, valueSize, Integer.BYTES);
    if (!(btf.stripped(values.type()) instanceof BtfType.Array array)
        || array.length() != 0
        || !(btf.stripped(array.elementType()) instanceof BtfType.Pointer pointer)) {
      throw elf.broken("map %s has values that are no array of pointers without a length", name);
    }
    BtfType element = btf.stripped(pointer.target());
    if (ofMaps) {
      if (!(element instanceof BtfType.Composite definition) || definition.union()) {
        throw elf.broken("map %s has values that are no maps", name);
      }
      template = new MapDefinition(elf, btf, name + ".inner", definition, true).spec();
    } else if (!(element instanceof BtfType.FunctionPrototype)) {
      throw elf.broken("map %s has values that are no programs", name);
    }
  }

  private long number(BtfType.Member member) {
    if (btf.stripped(member.type()) instanceof BtfType.Pointer pointer
        && btf.type(pointer.target()) instanceof BtfType.Array array) {
      return array.length() & 0xffffffffL;
    }
    throw elf.broken("map %s has a %s that is not written with __uint", name, member.name());
  }

  private long longNumber(BtfType.Member member) {
    if (btf.stripped(member.type()) instanceof BtfType.Enumeration constant) {
      if (constant.values().size() != 1) {
        throw elf.broken("map %s has a %s that is not written with __ulong", name, member.name());
      }
      return constant.values().getFirst().value();
    }
    return number(member);
  }

  private int pointed(BtfType.Member member) {
    if (btf.stripped(member.type()) instanceof BtfType.Pointer pointer) {
      return pointer.target();
    }
    throw elf.broken("map %s has a %s that is not written with __type", name, member.name());
  }

  private long size(BtfType.Member member, int of) {
    if (!btf.hasSize(of)) {
      throw elf.broken("map %s has a %s whose type has no size", name, member.name());
    }
    return btf.sizeOf(of);
  }

  private long agreed(BtfType.Member member, long before, long now) {
    if (before >= 0 && before != now) {
      throw elf.broken(
          "map %s has a %s of %d bytes that was said to have %d", name, member.name(), now, before);
    }
    return now;
  }
}
