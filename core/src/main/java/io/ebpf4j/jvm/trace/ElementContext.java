package io.ebpf4j.jvm.trace;

import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.context.ContextLayout.Access;
import io.ebpf4j.jvm.context.ContextLayout.Field;
import io.ebpf4j.jvm.context.ContextLayout.Kind;
import io.ebpf4j.jvm.context.ContextLayout.Pointee;
import io.ebpf4j.jvm.map.JvmMap;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import java.util.List;
import java.util.stream.Stream;

/**
 * Raw memory with a {@code struct bpf_iter__bpf_map_elem}, behind it what it points to but the map
 * and its values: a {@code struct bpf_iter_meta}, the key, the sizes, the address that stands for
 * the {@code struct seq_file}, and room for a value.
 */
final class ElementContext implements AutoCloseable {
  private static final int META = 0;
  private static final int MAP = 8;
  private static final int KEY = 16;
  private static final int VALUE = 24;
  private static final int VISIBLE_BYTES = 32;

  private static final int META_STRUCT = 32;
  private static final int META_BYTES = 24;
  private static final int SEQUENCE_NUMBER = META_STRUCT + 16;
  private static final int INDEX = 56;
  private static final int SIZES = 64;
  private static final int SEQUENCE_FILE = 80;
  private static final int ROOM = 88;

  static final ContextLayout LAYOUT =
      new ContextLayout(
          "bpf_iter__bpf_map_elem",
          VISIBLE_BYTES,
          ROOM,
          ContextLayout.WHOLE,
          Stream.of("meta", "map", "key", "value").map(ElementContext::pointer).toList(),
          List.of(
              new Pointee("the iterator's metadata", META, SIZES, false),
              new Pointee("the map's structure", MAP, SIZES + 4, false),
              new Pointee("the element's key", KEY, SIZES + 8, false),
              new Pointee("the element's value", VALUE, SIZES + 12, true)));

  private final Block block;

  /** A context for a map, with room for {@code room} bytes of value. */
  ElementContext(JvmMap map, long session, int valueBytes, int room) {
    block = Block.allocate((long) ROOM + room, Long.BYTES);
    long base = block.address();
    Memory.putLong(base + META, base + META_STRUCT);
    Memory.putLong(base + MAP, map.address());
    Memory.putLong(base + META_STRUCT, sequenceFile());
    Memory.putLong(base + META_STRUCT + 8, session);
    Memory.putInt(base + SIZES, META_BYTES);
    Memory.putInt(base + SIZES + 4, Math.toIntExact(map.structSize()));
    Memory.putInt(base + SIZES + 8, map.spec().keySize());
    Memory.putInt(base + SIZES + 12, valueBytes);
  }

  /** Adds the types to the kernel's. */
  static void declare(BtfBuilder types) {
    int u64 =
        types.typedef("u64", types.typedef("__u64", types.unsigned("long long unsigned int", 8)));
    int nothing = types.pointer(0);
    int file = types.pointer(types.forward("seq_file", false));
    int meta =
        types.struct(
            "bpf_iter_meta",
            struct ->
                struct
                    .member("", types.union("", union -> union.member("seq", file)))
                    .member("session_id", u64)
                    .member("seq_num", u64));
    int metaPointer = types.pointer(meta);
    int mapPointer = types.pointer(types.forward("bpf_map", false));
    types.struct(
        LAYOUT.struct(),
        struct ->
            struct
                .member("", types.union("", union -> union.member("meta", metaPointer)))
                .member("", types.union("", union -> union.member("map", mapPointer)))
                .member("", types.union("", union -> union.member("key", nothing)))
                .member("", types.union("", union -> union.member("value", nothing))));
  }

  /** Its address. */
  long address() {
    return block.address();
  }

  /** What stands for the seq_file. */
  long sequenceFile() {
    return block.address() + SEQUENCE_FILE;
  }

  /** The key's address. */
  long key() {
    return block.address() + INDEX;
  }

  /** The address of the room for a value. */
  long room() {
    return block.address() + ROOM;
  }

  /** Makes a key of an index. */
  void index(long index) {
    Memory.putInt(key(), (int) index);
  }

  /** Sets how many elements were passed before. */
  void sequenceNumber(long number) {
    Memory.putLong(block.address() + SEQUENCE_NUMBER, number);
  }

  /** Points to a key and to a value. */
  void element(long key, long value) {
    Memory.putLong(block.address() + KEY, key);
    Memory.putLong(block.address() + VALUE, value);
  }

  /** Points to neither. */
  void noElement() {
    Memory.putLong(block.address() + KEY, 0);
    Memory.putLong(block.address() + VALUE, 0);
  }

  @Override
  public void close() {
    block.close();
  }

  private static Field pointer(String name) {
    int offset =
        switch (name) {
          case "meta" -> META;
          case "map" -> MAP;
          case "key" -> KEY;
          default -> VALUE;
        };
    Kind kind =
        switch (name) {
          case "key" -> Kind.READ_ONLY_BUFFER_OR_NULL;
          case "value" -> Kind.BUFFER_OR_NULL;
          default -> Kind.OBJECT;
        };
    return new Field(name, offset, Long.BYTES, kind, Access.WHOLE, false, offset, Long.BYTES);
  }
}
