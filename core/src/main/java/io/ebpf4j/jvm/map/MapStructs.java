package io.ebpf4j.jvm.map;

import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.btf.BtfType.Enumerator;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;

/**
 * The structures of a map that a program may read: {@code struct bpf_map}, and around it {@code
 * struct bpf_array} or {@code struct bpf_htab}. Names and types are the kernel's, offsets are ours:
 * programs find them by CO-RE.
 */
public final class MapStructs {
  static final Field MAP_TYPE = new Field(0, 4);
  static final Field KEY_SIZE = new Field(4, 4);
  static final Field VALUE_SIZE = new Field(8, 4);
  static final Field MAX_ENTRIES = new Field(12, 4);
  static final Field MAP_EXTRA = new Field(16, 8);
  static final Field MAP_FLAGS = new Field(24, 4);
  static final Field ID = new Field(28, 4);
  static final Field NUMA_NODE = new Field(32, 4);
  static final Field BTF_KEY_TYPE_ID = new Field(36, 4);
  static final Field BTF_VALUE_TYPE_ID = new Field(40, 4);
  static final Field BYPASS_SPEC_V1 = new Field(44, 1);
  static final Field FROZEN = new Field(45, 1);
  static final int NAME_OFFSET = 48;
  static final int NAME_BYTES = 16;
  static final int MAP_BYTES = 64;

  static final Field ELEM_SIZE = new Field(MAP_BYTES, 4);
  static final Field INDEX_MASK = new Field(MAP_BYTES + 4, 4);
  static final int ARRAY_BYTES = MAP_BYTES + 8;

  static final Field BUCKETS = new Field(MAP_BYTES, 4);
  static final Field HASH_ELEM_SIZE = new Field(MAP_BYTES + 4, 4);
  static final int HASH_BYTES = MAP_BYTES + 8;

  private MapStructs() {}

  /** Writes what a map's specification says into the zeroed structure at an address. */
  static void fill(long map, MapSpec spec, int id) {
    MAP_TYPE.put(map, spec.type().id());
    KEY_SIZE.put(map, spec.keySize());
    VALUE_SIZE.put(map, spec.valueSize());
    MAX_ENTRIES.put(map, spec.maxEntries());
    MAP_EXTRA.put(map, spec.extra());
    MAP_FLAGS.put(map, spec.flags() & ~(MapFlags.RDONLY | MapFlags.WRONLY));
    ID.put(map, id);
    NUMA_NODE.put(map, MapTypes.numaNode(spec));
    BTF_KEY_TYPE_ID.put(map, spec.keyType());
    BTF_VALUE_TYPE_ID.put(map, spec.valueType());
    BYPASS_SPEC_V1.put(map, spec.speculationMasked() ? 0 : 1);
    byte[] name = spec.name().getBytes(StandardCharsets.US_ASCII);
    Memory.copy(name, 0, map + NAME_OFFSET, name.length);
  }

  /** The id of the map whose structure lies there. */
  static int id(long map) {
    return Memory.getInt(map + ID.offset());
  }

  /** Adds the structures to the kernel's types: the fields that {@link #fill} fills, no others. */
  public static void declare(BtfBuilder types) {
    int u32 = types.typedef("u32", types.typedef("__u32", types.unsigned("unsigned int", 4)));
    int u64 =
        types.typedef("u64", types.typedef("__u64", types.unsigned("long long unsigned int", 8)));
    int bool = types.typedef("bool", types.bool());
    int name = types.array(types.unsigned("char", 1), NAME_BYTES);
    int mapType =
        types.enumeration(
            "bpf_map_type",
            Stream.of(MapType.values())
                .map(type -> new Enumerator("BPF_MAP_TYPE_" + type.name(), type.id()))
                .toList());
    int map =
        types.struct(
            "bpf_map",
            struct ->
                struct
                    .memberAt("map_type", mapType, MAP_TYPE.offset())
                    .memberAt("key_size", u32, KEY_SIZE.offset())
                    .memberAt("value_size", u32, VALUE_SIZE.offset())
                    .memberAt("max_entries", u32, MAX_ENTRIES.offset())
                    .memberAt("map_extra", u64, MAP_EXTRA.offset())
                    .memberAt("map_flags", u32, MAP_FLAGS.offset())
                    .memberAt("id", u32, ID.offset())
                    .memberAt("numa_node", types.signed("int", 4), NUMA_NODE.offset())
                    .memberAt("btf_key_type_id", u32, BTF_KEY_TYPE_ID.offset())
                    .memberAt("btf_value_type_id", u32, BTF_VALUE_TYPE_ID.offset())
                    .memberAt("bypass_spec_v1", bool, BYPASS_SPEC_V1.offset())
                    .memberAt("frozen", bool, FROZEN.offset())
                    .memberAt("name", name, NAME_OFFSET)
                    .size(MAP_BYTES));
    types.struct(
        "bpf_array",
        struct ->
            struct
                .memberAt("map", map, 0)
                .memberAt("elem_size", u32, ELEM_SIZE.offset())
                .memberAt("index_mask", u32, INDEX_MASK.offset())
                .size(ARRAY_BYTES));
    types.struct(
        "bpf_htab",
        struct ->
            struct
                .memberAt("map", map, 0)
                .memberAt("n_buckets", u32, BUCKETS.offset())
                .memberAt("elem_size", u32, HASH_ELEM_SIZE.offset())
                .size(HASH_BYTES));
  }

  /** A number in a structure. */
  record Field(int offset, int size) {
    void put(long struct, long value) {
      switch (size) {
        case 1 -> Memory.putByte(struct + offset, (byte) value);
        case 4 -> Memory.putInt(struct + offset, (int) value);
        default -> Memory.putLong(struct + offset, value);
      }
    }
  }
}
