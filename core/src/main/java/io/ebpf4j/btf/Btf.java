package io.ebpf4j.btf;

import java.util.List;

/** A set of types, numbered from 1; number 0 is {@code void}. */
public final class Btf {
  private final List<BtfType> types;

  /** The types with these numbers; the first is {@link BtfType.VoidType}. */
  public Btf(List<BtfType> types) {
    this.types = List.copyOf(types);
  }

  /** The number of types, {@code void} counted. */
  public int size() {
    return types.size();
  }

  /**
   * The type with that id.
   *
   * @throws IndexOutOfBoundsException where there is none
   */
  public BtfType type(int id) {
    return types.get(id);
  }
}
