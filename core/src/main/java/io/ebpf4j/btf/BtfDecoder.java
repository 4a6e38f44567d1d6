package io.ebpf4j.btf;

import io.ebpf4j.btf.BtfType.Linkage;
import io.ebpf4j.btf.BtfType.Qualifier;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/** Makes the record of a type from its checked bytes. */
final class BtfDecoder {
  private final RawBtf raw;

  BtfDecoder(RawBtf raw) {
    this.raw = raw;
  }

  BtfType decode(int id) {
    BtfKind kind = raw.kind(id);
    if (kind == BtfKind.VOID) {
      return new BtfType.VoidType();
    }
    String name = raw.name(id);
    int value = raw.sizeOrType(id);
    int body = raw.body(id);
    return switch (kind) {
      case VOID -> throw new AssertionError(kind);
      case INT -> integer(name, value, raw.i32(body));
      case PTR -> new BtfType.Pointer(value);
      case ARRAY -> new BtfType.Array(raw.i32(body), raw.i32(body + 4), raw.i32(body + 8));
      case STRUCT, UNION -> new BtfType.Composite(name, kind == BtfKind.UNION, value, members(id));
      case ENUM, ENUM64 ->
          new BtfType.Enumeration(
              name, value, raw.kindFlag(id), kind == BtfKind.ENUM64, enumerators(id));
      case FWD -> new BtfType.Forward(name, raw.kindFlag(id));
      case TYPEDEF -> new BtfType.Typedef(name, value);
      case VOLATILE -> new BtfType.Modifier(Qualifier.VOLATILE, value);
      case CONST -> new BtfType.Modifier(Qualifier.CONST, value);
      case RESTRICT -> new BtfType.Modifier(Qualifier.RESTRICT, value);
      case FUNC -> new BtfType.Function(name, value, linkage(raw.entries(id)));
      case FUNC_PROTO ->
          new BtfType.FunctionPrototype(
              value,
              entries(
                  id,
                  entry -> new BtfType.Parameter(raw.string(raw.i32(entry)), raw.i32(entry + 4))));
      case VAR -> new BtfType.Variable(name, value, linkage(raw.i32(body)));
      case DATASEC ->
          new BtfType.DataSection(
              name,
              value,
              entries(
                  id,
                  entry ->
                      new BtfType.SectionVariable(
                          raw.i32(entry), raw.i32(entry + 4), raw.i32(entry + 8))));
      case FLOAT -> new BtfType.FloatType(name, value);
      case DECL_TAG -> new BtfType.DeclarationTag(name, value, raw.i32(body), raw.kindFlag(id));
      case TYPE_TAG -> new BtfType.TypeTag(name, value, raw.kindFlag(id));
    };
  }

  private static BtfType integer(String name, int size, int data) {
    int encoding = data >>> 24;
    return new BtfType.Int(
        name,
        size,
        data & 0xff,
        data >>> 16 & 0xff,
        (encoding & BtfEncoder.INT_SIGNED) != 0,
        (encoding & BtfEncoder.INT_CHAR) != 0,
        (encoding & BtfEncoder.INT_BOOL) != 0);
  }

  private List<BtfType.Member> members(int id) {
    boolean packed = raw.kindFlag(id);
    return entries(
        id,
        entry -> {
          int place = raw.i32(entry + 8);
          return new BtfType.Member(
              raw.string(raw.i32(entry)),
              raw.i32(entry + 4),
              packed ? place & 0xff_ffff : place,
              packed ? place >>> 24 : 0);
        });
  }

  private List<BtfType.Enumerator> enumerators(int id) {
    boolean wide = raw.kind(id) == BtfKind.ENUM64;
    boolean signed = raw.kindFlag(id);
    return entries(
        id,
        entry -> {
          long low = raw.u32(entry + 4);
          long value = wide ? low | raw.u32(entry + 8) << 32 : signed ? (int) low : low;
          return new BtfType.Enumerator(raw.string(raw.i32(entry)), value);
        });
  }

  private static Linkage linkage(int number) {
    return Linkage.values()[number];
  }

  private <T> List<T> entries(int id, IntFunction<T> make) {
    int count = raw.entries(id);
    List<T> entries = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      entries.add(make.apply(raw.body(id) + i * raw.kind(id).entryBytes));
    }
    return entries;
  }
}
