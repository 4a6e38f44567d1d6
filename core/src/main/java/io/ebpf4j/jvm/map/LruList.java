package io.ebpf4j.jvm.map;

import io.ebpf4j.jvm.map.LruNodes.Place;

/**
 * Elements by how lately they were used, as Linux keeps them: new ones are inactive, and become
 * active when a scan finds that they were used since; scans take a few from the end of a list, and
 * so does eviction. Guarded by {@link #lock}.
 */
final class LruList {
  final NarrowLock lock = new NarrowLock();
  private final LruNodes nodes;
  private final Eviction eviction;
  private final int scans;
  private final int active;
  private final int inactive;
  private final int free;
  private int activeCount;
  private int inactiveCount;
  private int rotation;

  /**
   * Makes empty lists.
   *
   * @param head the first of three heads, going down
   * @param scans nodes that one scan looks at
   */
  LruList(LruNodes nodes, Eviction eviction, int head, int scans) {
    this.nodes = nodes;
    this.eviction = eviction;
    this.scans = scans;
    this.active = head;
    this.inactive = head - 1;
    this.free = head - 2;
    this.rotation = inactive;
  }

  /** Takes an element out of the map. */
  interface Eviction {
    /** Whether it was in the map: another thread may be about to put it in or have taken it out. */
    boolean evict(long element);
  }

  /** Adds a node that is in no list to those that are free. */
  void addFree(int node) {
    nodes.place(node, Place.FREE);
    nodes.add(node, free);
  }

  /** A free node, still in its list, or -1. */
  int firstFree() {
    return nodes.isEmpty(free) ? -1 : nodes.next(free);
  }

  /** Moves a node to the front of one of these lists, as not used. */
  void move(int node, Place place) {
    Place before = nodes.place(node);
    count(before, -1);
    count(place, 1);
    nodes.place(node, place);
    nodes.clearUsed(node);
    passOver(node);
    nodes.move(node, head(place));
  }

  /** Moves a node of one of these lists to the free ones of a CPU. */
  void giveAway(int node, int toHead, Place place) {
    passOver(node);
    count(nodes.place(node), -1);
    nodes.place(node, place);
    nodes.move(node, toHead);
  }

  /** Looks whether elements at the ends of the lists were used. */
  void rotate() {
    if (inactiveCount < activeCount) {
      rotateActive();
    }
    rotateInactive();
  }

  /**
   * Evicts elements that were not used: as many as asked for, fewer where a scan finds no more, but
   * one in any case.
   */
  void shrink(int wanted, int toHead, Place place) {
    int evicted = 0;
    int node = nodes.previous(inactive);
    for (int i = 0; i < scans && node != inactive && evicted < wanted; i++) {
      int before = nodes.previous(node);
      if (nodes.isUsed(node)) {
        move(node, Place.ACTIVE);
      } else if (eviction.evict(nodes.element(node))) {
        giveAway(node, toHead, place);
        evicted++;
      }
      node = before;
    }
    if (evicted == 0) {
      evictAny(toHead, place);
    }
  }

  private void evictAny(int toHead, Place place) {
    int head = nodes.isEmpty(inactive) ? active : inactive;
    for (int node = nodes.previous(head); node != head; node = nodes.previous(node)) {
      if (eviction.evict(nodes.element(node))) {
        giveAway(node, toHead, place);
        return;
      }
    }
  }

  private void rotateActive() {
    int first = nodes.next(active);
    int node = nodes.previous(active);
    for (int i = 0; i < scans && node != active; i++) {
      int before = nodes.previous(node);
      move(node, nodes.isUsed(node) ? Place.ACTIVE : Place.INACTIVE);
      if (node == first) {
        return;
      }
      node = before;
    }
  }

  /** Goes on where the last scan ended, and around. */
  private void rotateInactive() {
    if (nodes.isEmpty(inactive)) {
      return;
    }
    int last = nodes.next(rotation);
    if (last == inactive) {
      last = nodes.next(last);
    }
    int node = rotation;
    int before = node;
    for (int i = 0; i < scans; ) {
      if (node == inactive) {
        node = nodes.previous(node);
        continue;
      }
      before = nodes.previous(node);
      if (nodes.isUsed(node)) {
        move(node, Place.ACTIVE);
      }
      if (node == last) {
        break;
      }
      node = before;
      i++;
    }
    rotation = before;
  }

  /** A scan does not go on at a node that leaves its list. */
  private void passOver(int node) {
    if (node == rotation) {
      rotation = nodes.previous(node);
    }
  }

  private int head(Place place) {
    return switch (place) {
      case ACTIVE -> active;
      case INACTIVE -> inactive;
      case FREE -> free;
      case PENDING, FREE_OF_CPU -> throw new IllegalArgumentException(place.name());
    };
  }

  private void count(Place place, int change) {
    switch (place) {
      case ACTIVE -> activeCount += change;
      case INACTIVE -> inactiveCount += change;
      case FREE, PENDING, FREE_OF_CPU -> {}
    }
  }
}
