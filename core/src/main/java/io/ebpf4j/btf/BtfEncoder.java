package io.ebpf4j.btf;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes types as a .BTF section: a string that occurs often is stored once. */
final class BtfEncoder {
  static final int INT_SIGNED = 1;
  static final int INT_CHAR = 2;
  static final int INT_BOOL = 4;

  private static final int MAX_ENTRIES = 0xffff;

  private final ByteArrayOutputStream types = new ByteArrayOutputStream();
  private final ByteArrayOutputStream strings = new ByteArrayOutputStream();
  private final Map<String, Integer> stringOffsets = new HashMap<>();

  private BtfEncoder() {
    stringOffset("");
  }

  /**
   * The section.
   *
   * @param all the types by id, the first of them void
   * @throws IllegalArgumentException where a type cannot be written
   */
  static byte[] encode(List<BtfType> all) {
    if (all.isEmpty() || !(all.get(0) instanceof BtfType.VoidType)) {
      throw new IllegalArgumentException("type 0 must be void");
    }
    BtfEncoder encoder = new BtfEncoder();
    for (int id = 1; id < all.size(); id++) {
      encoder.write(id, all.get(id));
    }
    return encoder.section();
  }

  private byte[] section() {
    ByteArrayOutputStream section = new ByteArrayOutputStream();
    put32(section, RawBtf.MAGIC | RawBtf.VERSION << 16);
    put32(section, RawBtf.HEADER_BYTES);
    put32(section, 0);
    put32(section, types.size());
    put32(section, types.size());
    put32(section, strings.size());
    section.writeBytes(types.toByteArray());
    section.writeBytes(strings.toByteArray());
    return section.toByteArray();
  }

  private void write(int id, BtfType type) {
    switch (type) {
      case BtfType.VoidType _ ->
          throw new IllegalArgumentException("type %d is void, which only 0 can be".formatted(id));
      case BtfType.Int t -> {
        common(type, 0, false, t.size());
        int encoding =
            (t.signed() ? INT_SIGNED : 0)
                | (t.character() ? INT_CHAR : 0)
                | (t.bool() ? INT_BOOL : 0);
        put32(types, encoding << 24 | bits(id, t.offset(), 8) << 16 | bits(id, t.bits(), 8));
      }
      case BtfType.Pointer t -> common(type, 0, false, t.target());
      case BtfType.Array t -> {
        common(type, 0, false, 0);
        put32(types, t.elementType());
        put32(types, t.indexType());
        put32(types, t.length());
      }
      case BtfType.Composite t -> composite(id, t);
      case BtfType.Enumeration t -> enumeration(id, t);
      case BtfType.Forward t -> common(type, 0, t.union(), 0);
      case BtfType.Typedef t -> common(type, 0, false, t.target());
      case BtfType.Modifier t -> common(type, 0, false, t.target());
      case BtfType.Function t -> common(type, t.linkage().ordinal(), false, t.prototype());
      case BtfType.FunctionPrototype t -> {
        common(type, entries(id, t.parameters()), false, t.result());
        for (BtfType.Parameter parameter : t.parameters()) {
          put32(types, stringOffset(parameter.name()));
          put32(types, parameter.type());
        }
      }
      case BtfType.Variable t -> {
        common(type, 0, false, t.type());
        put32(types, t.linkage().ordinal());
      }
      case BtfType.DataSection t -> {
        common(type, entries(id, t.variables()), false, t.size());
        for (BtfType.SectionVariable variable : t.variables()) {
          put32(types, variable.type());
          put32(types, variable.offset());
          put32(types, variable.size());
        }
      }
      case BtfType.FloatType t -> common(type, 0, false, t.size());
      case BtfType.DeclarationTag t -> {
        common(type, 0, t.attribute(), t.target());
        put32(types, t.component());
      }
      case BtfType.TypeTag t -> common(type, 0, t.attribute(), t.target());
    }
  }

  private void composite(int id, BtfType.Composite type) {
    boolean packed = type.members().stream().anyMatch(member -> member.bitFieldSize() != 0);
    common(type, entries(id, type.members()), packed, type.size());
    for (BtfType.Member member : type.members()) {
      put32(types, stringOffset(member.name()));
      put32(types, member.type());
      put32(
          types,
          packed
              ? bits(id, member.bitFieldSize(), 8) << 24 | bits(id, member.bitOffset(), 24)
              : member.bitOffset());
    }
  }

  private void enumeration(int id, BtfType.Enumeration type) {
    common(type, entries(id, type.values()), type.signed(), type.size());
    for (BtfType.Enumerator enumerator : type.values()) {
      long value = enumerator.value();
      put32(types, stringOffset(enumerator.name()));
      put32(types, (int) value);
      if (type.wide()) {
        put32(types, (int) (value >>> 32));
      } else if (value != (type.signed() ? (int) value : Integer.toUnsignedLong((int) value))) {
        throw new IllegalArgumentException(
            "type %d: %s = %d needs an ENUM64".formatted(id, enumerator.name(), value));
      }
    }
  }

  private void common(BtfType type, int entries, boolean kindFlag, int sizeOrType) {
    put32(types, stringOffset(type.name()));
    put32(types, (kindFlag ? 1 << 31 : 0) | type.kind().number() << 24 | entries);
    put32(types, sizeOrType);
  }

  private static int entries(int id, List<?> entries) {
    if (entries.size() > MAX_ENTRIES) {
      throw new IllegalArgumentException(
          "type %d: %d entries, a type holds %d".formatted(id, entries.size(), MAX_ENTRIES));
    }
    return entries.size();
  }

  private static int bits(int id, int value, int width) {
    if (value >>> width != 0) {
      throw new IllegalArgumentException(
          "type %d: %d does not fit into %d bits".formatted(id, value, width));
    }
    return value;
  }

  private int stringOffset(String string) {
    @Nullable Integer known = stringOffsets.get(string);
    if (known != null) {
      return known;
    }
    if (string.indexOf(0) >= 0) {
      throw new IllegalArgumentException("a name holds a zero character");
    }
    int offset = strings.size();
    strings.writeBytes(string.getBytes(StandardCharsets.UTF_8));
    strings.write(0);
    stringOffsets.put(string, offset);
    return offset;
  }

  private static void put32(ByteArrayOutputStream to, int value) {
    for (int shift = 0; shift < 32; shift += 8) {
      to.write(value >>> shift);
    }
  }
}
