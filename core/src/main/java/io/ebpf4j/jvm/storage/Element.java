package io.ebpf4j.jvm.storage;

import io.ebpf4j.jvm.memory.Memory;

/**
 * Where things lie in the memory of one value: the map that it is of, the owner that it is kept
 * with, its places in the lists of both, then the value. All of it but {@link #NEXT_OF_OWNER} is
 * read by programs' lookups without a lock and does not change while the element is in its owner's
 * list.
 */
final class Element {
  /** The address of the map's structure. */
  static final int MAP = 0;

  /** The element after this one in the owner's list; stays as it is when the element is removed. */
  static final int NEXT_OF_OWNER = 8;

  /** The address of the owner's structure. */
  static final int OWNER = 16;

  /** The element after this one in the map's bucket, later among those that wait to be freed. */
  static final int NEXT_OF_MAP = 24;

  /** The element before this one in the map's bucket. */
  static final int PREVIOUS_OF_MAP = 32;

  /** 1 while it is in both lists; changed with the owner's lock held. */
  static final int LINKED = 40;

  /** Where the value begins. */
  static final int VALUE = 48;

  private Element() {}

  static boolean isLinked(long element) {
    return Memory.getInt(element + LINKED) != 0;
  }
}
