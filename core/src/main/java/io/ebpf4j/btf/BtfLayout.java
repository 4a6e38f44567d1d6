package io.ebpf4j.btf;

import java.util.HashMap;
import java.util.Map;
import java.util.function.IntFunction;

/** Sizes and alignments by C's rules; it remembers those of structs, which parts may share. */
final class BtfLayout {
  static final int POINTER_BYTES = 8;
  private static final int LARGEST_ALIGNMENT = 8;

  private final IntFunction<BtfType> types;
  private final Map<Integer, Integer> known = new HashMap<>();

  BtfLayout(IntFunction<BtfType> types) {
    this.types = types;
  }

  /**
   * Its size in bytes.
   *
   * @throws IllegalArgumentException where it has none
   */
  long size(int id) {
    BtfType type = types.apply(id);
    return switch (type) {
      case BtfType.Int t -> t.size();
      case BtfType.Composite t -> t.size();
      case BtfType.Enumeration t -> t.size();
      case BtfType.FloatType t -> t.size();
      case BtfType.DataSection t -> t.size();
      case BtfType.Pointer _ -> POINTER_BYTES;
      case BtfType.Array t -> size(t.elementType()) * Integer.toUnsignedLong(t.length());
      case BtfType.Typedef t -> size(t.target());
      case BtfType.Modifier t -> size(t.target());
      case BtfType.TypeTag t -> size(t.target());
      case BtfType.Variable t -> size(t.type());
      case BtfType.VoidType _,
          BtfType.Forward _,
          BtfType.Function _,
          BtfType.FunctionPrototype _,
          BtfType.DeclarationTag _ ->
          throw new IllegalArgumentException(
              "type %d, %s %s, has no size".formatted(id, type.kind(), type.name()));
    };
  }

  /** Its alignment in bytes, for a type that has a size. */
  int alignment(int id) {
    BtfType type = types.apply(id);
    return switch (type) {
      case BtfType.Int t -> ofNumber(t.size());
      case BtfType.Enumeration t -> ofNumber(t.size());
      case BtfType.FloatType t -> ofNumber(t.size());
      case BtfType.Pointer _ -> POINTER_BYTES;
      case BtfType.Array t -> alignment(t.elementType());
      case BtfType.Typedef t -> alignment(t.target());
      case BtfType.Modifier t -> alignment(t.target());
      case BtfType.TypeTag t -> alignment(t.target());
      case BtfType.Variable t -> alignment(t.type());
      case BtfType.Composite t -> {
        Integer found = known.get(id);
        if (found == null) {
          found = ofComposite(t);
          known.put(id, found);
        }
        yield found;
      }
      case BtfType.DataSection _ -> LARGEST_ALIGNMENT;
      case BtfType.VoidType _,
          BtfType.Forward _,
          BtfType.Function _,
          BtfType.FunctionPrototype _,
          BtfType.DeclarationTag _ ->
          1;
    };
  }

  private static int ofNumber(int size) {
    return Math.min(LARGEST_ALIGNMENT, Integer.highestOneBit(size));
  }

  private int ofComposite(BtfType.Composite composite) {
    int largest = 1;
    for (BtfType.Member member : composite.members()) {
      int alignment = alignment(member.type());
      if (member.bitFieldSize() == 0 && member.bitOffset() % (alignment * 8) != 0) {
        return 1;
      }
      largest = Math.max(largest, alignment);
    }
    return composite.size() % largest == 0 ? largest : 1;
  }
}
