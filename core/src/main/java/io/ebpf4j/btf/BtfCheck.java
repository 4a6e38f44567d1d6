package io.ebpf4j.btf;

import java.util.Arrays;

/**
 * Checks what types say of each other, and finds their sizes on the way: names and references in
 * range, entries of the right shape, no type that contains itself, no pointer that only leads to
 * itself, and members within their struct.
 */
final class BtfCheck {
  /** Bounds recursion over types; clang's deepest are below 20. */
  static final int MAX_DEPTH = 256;

  /** The size of what has none: functions, forward declarations, void. */
  static final int NO_SIZE = -1;

  /** The kernel takes 511 bytes; mangled names of C++ and Rust are longer. */
  private static final int MAX_NAME_BYTES = 4096;

  private final RawBtf raw;
  private final int[] sizes;

  private BtfCheck(RawBtf raw) {
    this.raw = raw;
    this.sizes = new int[raw.count()];
  }

  /**
   * The size of each type in bytes, or {@link #NO_SIZE}.
   *
   * @throws BtfFormatException where something does not hold
   */
  static int[] sizes(RawBtf raw) {
    BtfCheck check = new BtfCheck(raw);
    for (int id = 1; id < raw.count(); id++) {
      check.checkShape(id);
    }
    check.findPointerCycles();
    check.findSizes();
    for (int id = 1; id < raw.count(); id++) {
      if (raw.kind(id).isComposite()) {
        check.checkMembers(id);
      }
    }
    return check.sizes;
  }

  private void checkShape(int id) {
    BtfKind kind = raw.kind(id);
    checkName(id, raw.nameOffset(id), "its name");
    int entries = raw.entries(id);
    boolean countsEntries = kind.entryBytes > 0;
    if (!countsEntries && entries > (kind == BtfKind.FUNC ? 2 : 0)) {
      throw wrong(
          id,
          (kind == BtfKind.FUNC ? "linkage %d is unknown" : "vlen is %d, not 0")
              .formatted(entries));
    }
    boolean flagged = kind.isComposite() || kind.isEnum();
    flagged |= kind == BtfKind.FWD || kind == BtfKind.DECL_TAG || kind == BtfKind.TYPE_TAG;
    if (raw.kindFlag(id) && !flagged) {
      throw wrong(id, "kind_flag means nothing here, and is set");
    }
    switch (kind) {
      case VOID, FWD -> {}
      case INT -> checkInt(id);
      case PTR, TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG ->
          checkReference(id, raw.sizeOrType(id), "its target");
      case ARRAY -> checkArray(id);
      case STRUCT, UNION -> {
        checkSize(id);
        checkEntries(id, "member");
      }
      case ENUM, ENUM64 -> {
        checkSizeIsOneOf(id, 1, 2, 4, 8);
        checkEntries(id, "enumerator");
      }
      case FUNC -> {
        checkReference(id, raw.sizeOrType(id), "its prototype");
        if (raw.kind(raw.sizeOrType(id)) != BtfKind.FUNC_PROTO) {
          throw wrong(id, "its type %d is no FUNC_PROTO".formatted(raw.sizeOrType(id)));
        }
      }
      case FUNC_PROTO -> {
        checkReference(id, raw.sizeOrType(id), "its result");
        checkEntries(id, "parameter");
      }
      case VAR -> {
        checkReference(id, raw.sizeOrType(id), "its type");
        if (raw.u32(raw.body(id)) > 2) {
          throw wrong(id, "linkage %d is unknown".formatted(raw.u32(raw.body(id))));
        }
      }
      case DATASEC -> {
        checkSize(id);
        checkSection(id);
      }
      case FLOAT -> checkSizeIsOneOf(id, 2, 4, 8, 12, 16);
      case DECL_TAG -> checkDeclarationTag(id);
    }
  }

  private void checkInt(int id) {
    long size = raw.u32(raw.offset(id) + 8);
    int data = raw.i32(raw.body(id));
    int encoding = data >>> 24;
    int offset = data >>> 16 & 0xff;
    int bits = data & 0xff;
    if (size < 1 || size > 16) {
      throw wrong(id, "its size is %d bytes, not 1 to 16".formatted(size));
    }
    if (encoding > 7 || (data & 0xff00) != 0) {
      throw wrong(id, "its encoding 0x%08x has unknown bits".formatted(data));
    }
    if (bits == 0 || offset + bits > size * 8) {
      throw wrong(
          id, "%d bits from bit %d on do not fit into %d bytes".formatted(bits, offset, size));
    }
  }

  private void checkArray(int id) {
    int body = raw.body(id);
    checkReference(id, raw.i32(body), "its element");
    checkReference(id, raw.i32(body + 4), "its index");
    if (raw.sizeOrType(id) != 0) {
      throw wrong(id, "its size word is %d, not 0".formatted(raw.sizeOrType(id)));
    }
  }

  private void checkSection(int id) {
    for (int i = 0; i < raw.entries(id); i++) {
      int entry = raw.body(id) + i * BtfKind.DATASEC.entryBytes;
      String what = "its variable " + i;
      checkReference(id, raw.i32(entry), what);
      BtfKind kind = raw.kind(raw.i32(entry));
      if (kind != BtfKind.VAR && kind != BtfKind.FUNC) {
        throw wrong(id, "%s is type %d, a %s".formatted(what, raw.i32(entry), kind));
      }
      if (raw.i32(entry + 4) < 0 || raw.i32(entry + 8) < 0) {
        throw wrong(id, "%s lies beyond 2 GiB".formatted(what));
      }
    }
  }

  private void checkDeclarationTag(int id) {
    int target = raw.sizeOrType(id);
    checkReference(id, target, "its target");
    int component = raw.i32(raw.body(id));
    int components =
        switch (raw.kind(target)) {
          case STRUCT, UNION -> raw.entries(target);
          // Its prototype may stand behind this type and not have been checked yet.
          case FUNC -> {
            checkReference(target, raw.sizeOrType(target), "its prototype");
            yield raw.entries(raw.sizeOrType(target));
          }
          case VAR, TYPEDEF -> 0;
          default -> throw wrong(id, "a %s takes no declaration tag".formatted(raw.kind(target)));
        };
    if (component < -1 || component >= components) {
      throw wrong(
          id,
          "component %d of type %d does not exist, it has %d"
              .formatted(component, target, components));
    }
  }

  /** The name, and for all but enumerators the type, of each entry. */
  private void checkEntries(int id, String what) {
    BtfKind kind = raw.kind(id);
    int entry = raw.body(id);
    for (int i = 0; i < raw.entries(id); i++, entry += kind.entryBytes) {
      if (!isName(raw.i32(entry))) {
        checkName(id, raw.i32(entry), "the name of its %s %d".formatted(what, i));
      }
      if (!kind.isEnum() && !isType(raw.i32(entry + 4))) {
        checkReference(id, raw.i32(entry + 4), "its %s %d".formatted(what, i));
      }
    }
  }

  private boolean isName(int offset) {
    int length = raw.stringBytes(offset, MAX_NAME_BYTES);
    return length >= 0 && length <= MAX_NAME_BYTES;
  }

  private void checkName(int id, int offset, String what) {
    int length = raw.stringBytes(offset, MAX_NAME_BYTES);
    if (length < 0) {
      throw wrong(
          id,
          "%s is at offset %d of the strings, which are %d bytes"
              .formatted(what, Integer.toUnsignedLong(offset), raw.stringLength()));
    }
    if (length > MAX_NAME_BYTES) {
      throw wrong(id, "%s is longer than %d bytes".formatted(what, MAX_NAME_BYTES));
    }
  }

  private boolean isType(int id) {
    return id >= 0 && id < raw.count();
  }

  private void checkReference(int id, int target, String what) {
    if (!isType(target)) {
      throw wrong(
          id,
          "%s is type %d, but there are only %d types"
              .formatted(what, Integer.toUnsignedLong(target), raw.count() - 1));
    }
  }

  private void checkSize(int id) {
    if (raw.sizeOrType(id) < 0) {
      throw wrong(
          id, "its size of %d bytes is beyond 2 GiB".formatted(raw.u32(raw.offset(id) + 8)));
    }
  }

  private void checkSizeIsOneOf(int id, int... allowed) {
    int size = raw.sizeOrType(id);
    if (Arrays.stream(allowed).noneMatch(one -> one == size)) {
      throw wrong(
          id,
          "its size is %d bytes, not one of %s"
              .formatted(Integer.toUnsignedLong(size), Arrays.toString(allowed)));
    }
  }

  /** Each pointer and transparent type has one target, so a walk either ends or comes back. */
  private void findPointerCycles() {
    int[] depths = new int[raw.count()];
    int[] walk = new int[MAX_DEPTH + 1];
    for (int id = 1; id < raw.count(); id++) {
      int steps = 0;
      int at = id;
      while (isPointerOrTransparent(at) && depths[at] == 0) {
        if (steps > MAX_DEPTH) {
          throw tooDeep(id);
        }
        walk[steps++] = at;
        depths[at] = -1;
        at = raw.sizeOrType(at);
      }
      if (depths[at] < 0) {
        throw wrong(at, "it leads back to itself through pointers, typedefs or qualifiers");
      }
      int depth = depths[at];
      while (steps > 0) {
        depths[walk[--steps]] = ++depth;
      }
      if (depth > MAX_DEPTH) {
        throw tooDeep(id);
      }
    }
  }

  private boolean isPointerOrTransparent(int id) {
    BtfKind kind = raw.kind(id);
    return kind == BtfKind.PTR || kind.isTransparent();
  }

  /** Depth first over "contains", without recursion, since the depth is the file's choice. */
  private void findSizes() {
    int[] depths = new int[raw.count()];
    int[] path = new int[MAX_DEPTH + 1];
    int[] nextPart = new int[MAX_DEPTH + 1];
    sizes[0] = NO_SIZE;
    depths[0] = 1;
    for (int root = 1; root < raw.count(); root++) {
      if (depths[root] != 0) {
        continue;
      }
      int top = 0;
      path[0] = root;
      nextPart[0] = 0;
      depths[root] = -1;
      while (top >= 0) {
        int id = path[top];
        if (nextPart[top] < parts(id)) {
          int part = part(id, nextPart[top]++);
          if (raw.kind(part) == BtfKind.VAR || raw.kind(part) == BtfKind.DATASEC) {
            throw wrong(
                id, "it consists of type %d, which is a %s".formatted(part, raw.kind(part)));
          }
          if (depths[part] < 0) {
            throw wrong(part, "it contains itself, through type %d".formatted(id));
          }
          if (depths[part] == 0) {
            if (top == MAX_DEPTH) {
              throw tooDeep(root);
            }
            path[++top] = part;
            nextPart[top] = 0;
            depths[part] = -1;
          }
        } else {
          sizes[id] = size(id);
          depths[id] = 1 + deepestPart(id, depths);
          if (depths[id] > MAX_DEPTH) {
            throw tooDeep(id);
          }
          top--;
        }
      }
    }
  }

  private int parts(int id) {
    return switch (raw.kind(id)) {
      case TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG, VAR, ARRAY -> 1;
      case STRUCT, UNION -> raw.entries(id);
      case VOID, INT, PTR, ENUM, FWD, FUNC, FUNC_PROTO, DATASEC, FLOAT, DECL_TAG, ENUM64 -> 0;
    };
  }

  private int part(int id, int index) {
    return switch (raw.kind(id)) {
      case ARRAY -> raw.i32(raw.body(id));
      case STRUCT, UNION -> raw.i32(raw.body(id) + index * BtfKind.STRUCT.entryBytes + 4);
      default -> raw.sizeOrType(id);
    };
  }

  private int deepestPart(int id, int[] depths) {
    int deepest = 0;
    for (int i = 0; i < parts(id); i++) {
      deepest = Math.max(deepest, depths[part(id, i)]);
    }
    return deepest;
  }

  private int size(int id) {
    return switch (raw.kind(id)) {
      case INT, STRUCT, UNION, ENUM, ENUM64, FLOAT, DATASEC -> raw.sizeOrType(id);
      case PTR -> BtfLayout.POINTER_BYTES;
      case TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG, VAR -> sizes[raw.sizeOrType(id)];
      case ARRAY -> arraySize(id);
      case VOID, FWD, FUNC, FUNC_PROTO, DECL_TAG -> NO_SIZE;
    };
  }

  private int arraySize(int id) {
    int element = raw.i32(raw.body(id));
    long length = raw.u32(raw.body(id) + 8);
    if (sizes[element] == NO_SIZE) {
      throw wrong(
          id, "its element, type %d (%s), has no size".formatted(element, raw.kind(element)));
    }
    // A map declares its max_entries as a pointer to so long an array; no value is that large, so
    // whatever has the array as a member is refused by its own size.
    return (int) Math.min(sizes[element] * length, Integer.MAX_VALUE);
  }

  private void checkMembers(int id) {
    boolean packed = raw.kindFlag(id);
    long structBits = raw.sizeOrType(id) * 8L;
    int entry = raw.body(id);
    for (int i = 0; i < raw.entries(id); i++, entry += BtfKind.STRUCT.entryBytes) {
      int type = raw.i32(entry + 4);
      long offset = raw.u32(entry + 8) & (packed ? 0xff_ffffL : 0xffff_ffffL);
      int fieldBits = packed ? raw.i32(entry + 8) >>> 24 : 0;
      if (sizes[type] == NO_SIZE) {
        throw wrong(
            id, "its member %d, type %d (%s), has no size".formatted(i, type, raw.kind(type)));
      }
      long bits = fieldBits == 0 ? 8L * sizes[type] : fieldBits;
      if (fieldBits != 0) {
        checkBitField(id, i, type, fieldBits);
      } else if (raw.kind(strip(type)) == BtfKind.INT) {
        // Before kind_flag a bit field was an INT with fewer bits than its bytes have.
        int data = raw.i32(raw.body(strip(type)));
        bits = (data >>> 16 & 0xffL) + (data & 0xff);
      } else if (offset % 8 != 0) {
        throw wrong(
            id, "its member %d starts at bit %d, in the middle of a byte".formatted(i, offset));
      }
      if (offset + bits > Math.min(structBits, Integer.MAX_VALUE)) {
        throw wrong(
            id,
            "its member %d, %d bits from bit %d on, goes past its %d bytes"
                .formatted(i, bits, offset, raw.sizeOrType(id)));
      }
    }
  }

  private void checkBitField(int id, int member, int type, int bits) {
    BtfKind kind = raw.kind(strip(type));
    if (kind != BtfKind.INT && !kind.isEnum()) {
      throw wrong(id, "its member %d is a bit field of a %s".formatted(member, kind));
    }
    if (bits > sizes[type] * 8L) {
      throw wrong(
          id,
          "its member %d is %d bits of a type of %d bytes".formatted(member, bits, sizes[type]));
    }
  }

  private int strip(int id) {
    int at = id;
    while (raw.kind(at).isTransparent()) {
      at = raw.sizeOrType(at);
    }
    return at;
  }

  private BtfFormatException tooDeep(int id) {
    return wrong(id, "it nests more than %d types deep".formatted(MAX_DEPTH));
  }

  private BtfFormatException wrong(int id, String why) {
    return new BtfFormatException(
        "type %d (%s) at byte %d: %s".formatted(id, raw.kind(id), raw.offset(id), why));
  }
}
