package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.memory.Blocks;
import io.ebpf4j.jvm.memory.Memory;

/**
 * The links by which the elements of an LRU hash lie in lists: circles, each with a head of its
 * own. A node is an element's number; heads are below 0. The links lie in the elements. What list a
 * node is in is guarded by that list's lock; whether it was used is set by anyone.
 */
final class LruNodes {
  private static final int PREVIOUS = 0;
  private static final int NEXT = 4;
  private static final int PLACE = 8;
  private static final int USED = 9;
  private static final int CPU = 10;
  private static final int HEAD_BYTES = 8;

  private final long elements;
  private final long stride;
  private final long heads;

  /**
   * Makes empty lists.
   *
   * @param elements address of the first element
   * @param heads how many lists there are
   */
  LruNodes(long elements, long stride, Blocks blocks, int heads) {
    this.elements = elements;
    this.stride = stride;
    this.heads = blocks.allocate((long) heads * HEAD_BYTES, 64);
    for (int head = -1; head >= -heads; head--) {
      link(head, head);
    }
  }

  /** Where a node is. */
  enum Place {
    ACTIVE,
    INACTIVE,
    FREE,
    PENDING,
    FREE_OF_CPU;

    private static final Place[] ALL = values();
  }

  /** The element that a node is. */
  long element(int node) {
    return elements + node * stride;
  }

  /** The node that an element is. */
  int node(long element) {
    return (int) ((element - elements) / stride);
  }

  int next(int node) {
    return Memory.getInt(links(node) + NEXT);
  }

  int previous(int node) {
    return Memory.getInt(links(node) + PREVIOUS);
  }

  boolean isEmpty(int head) {
    return next(head) == head;
  }

  /** Puts a node in front of a list that is in none. */
  void add(int node, int head) {
    int first = next(head);
    link(head, node);
    link(node, first);
  }

  /** Takes a node out of its list. */
  void remove(int node) {
    link(previous(node), next(node));
  }

  /** Moves a node to the front of a list. */
  void move(int node, int head) {
    remove(node);
    add(node, head);
  }

  Place place(int node) {
    return Place.ALL[Memory.getByte(links(node) + PLACE)];
  }

  void place(int node, Place place) {
    Memory.putByteRelease(links(node) + PLACE, (byte) place.ordinal());
  }

  /** Whether the element was used since that was last asked for. */
  boolean isUsed(int node) {
    return Memory.getByte(links(node) + USED) != 0;
  }

  void clearUsed(int node) {
    Memory.putByte(links(node) + USED, (byte) 0);
  }

  /** Notes that an element was used; writes only what changes, for others read it. */
  static void use(long element) {
    long used = element + HashLayout.LRU + USED;
    if (Memory.getByte(used) == 0) {
      Memory.putByte(used, (byte) 1);
    }
  }

  /** The CPU whose lists a node is in. */
  int cpu(int node) {
    return Memory.getShort(links(node) + CPU);
  }

  void cpu(int node, int cpu) {
    Memory.putShort(links(node) + CPU, (short) cpu);
  }

  private void link(int node, int following) {
    Memory.putInt(links(node) + NEXT, following);
    Memory.putInt(links(following) + PREVIOUS, node);
  }

  private long links(int node) {
    return node >= 0
        ? elements + node * stride + HashLayout.LRU
        : heads + (long) ~node * HEAD_BYTES;
  }
}
