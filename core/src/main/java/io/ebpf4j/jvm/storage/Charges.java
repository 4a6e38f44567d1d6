package io.ebpf4j.jvm.storage;

/** What values are charged with: the sizes that Linux 6.18 has on x86-64. */
final class Charges {
  /** Bytes of a value's element besides the value. */
  static final int ELEMENT_BYTES = 72;

  /** Bytes of what an owner has once for all of its values. */
  static final int STORAGE_BYTES = 176;

  private Charges() {}

  /** Bytes for a value, and for the storage where it is the only one. */
  static int of(int valueSize, boolean only) {
    return valueSize + ELEMENT_BYTES + (only ? STORAGE_BYTES : 0);
  }
}
