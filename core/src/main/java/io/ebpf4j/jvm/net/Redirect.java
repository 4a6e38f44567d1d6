package io.ebpf4j.jvm.net;

import org.jspecify.annotations.Nullable;

/** Where the program that runs on a CPU wants its frame to go: what its last helper has noted. */
final class Redirect {
  /** What a redirect goes to. */
  enum Kind {
    /** No helper has found a target. */
    NONE,
    /** The device with an ifindex. */
    DEVICE,
    /** An entry of a map. */
    ENTRY,
    /** All entries of a map. */
    BROADCAST
  }

  Kind kind = Kind.NONE;
  int index;
  long flags;
  @Nullable RedirectMap map;
  RedirectMap.@Nullable Target target;

  void reset() {
    kind = Kind.NONE;
    map = null;
    target = null;
  }

  void toDevice(int ifindex) {
    kind = Kind.DEVICE;
    index = ifindex;
    map = null;
    target = null;
  }

  void toEntry(RedirectMap of, int key, RedirectMap.Target entry) {
    kind = Kind.ENTRY;
    index = key;
    map = of;
    target = entry;
  }

  void toAll(RedirectMap of, int key, long given) {
    kind = Kind.BROADCAST;
    index = key;
    flags = given;
    map = of;
    target = null;
  }
}
