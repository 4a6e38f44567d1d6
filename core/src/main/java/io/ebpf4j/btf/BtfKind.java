package io.ebpf4j.btf;

/** The kinds of types, by their number in the UAPI header {@code linux/btf.h}. */
public enum BtfKind {
  VOID(0, 0),
  INT(4, 0),
  PTR(0, 0),
  ARRAY(12, 0),
  STRUCT(0, 12),
  UNION(0, 12),
  ENUM(0, 8),
  FWD(0, 0),
  TYPEDEF(0, 0),
  VOLATILE(0, 0),
  CONST(0, 0),
  RESTRICT(0, 0),
  FUNC(0, 0),
  FUNC_PROTO(0, 8),
  VAR(4, 0),
  DATASEC(0, 12),
  FLOAT(0, 0),
  DECL_TAG(4, 0),
  TYPE_TAG(0, 0),
  ENUM64(0, 12);

  private static final BtfKind[] KINDS = values();

  /** Bytes behind the common 12, and bytes of each of the {@code vlen} entries there. */
  final int fixedBytes;

  final int entryBytes;

  BtfKind(int fixedBytes, int entryBytes) {
    this.fixedBytes = fixedBytes;
    this.entryBytes = entryBytes;
  }

  /** The number in the header. */
  public int number() {
    return ordinal();
  }

  /** How many kinds there are; numbers are below. */
  static int count() {
    return KINDS.length;
  }

  static BtfKind of(int number) {
    return KINDS[number];
  }

  /** Whether it stands for one other type and adds no layout: a typedef, qualifier or type tag. */
  public boolean isTransparent() {
    return this == TYPEDEF
        || this == VOLATILE
        || this == CONST
        || this == RESTRICT
        || this == TYPE_TAG;
  }

  /** A struct or union. */
  public boolean isComposite() {
    return this == STRUCT || this == UNION;
  }

  /** An enum of either width. */
  public boolean isEnum() {
    return this == ENUM || this == ENUM64;
  }
}
