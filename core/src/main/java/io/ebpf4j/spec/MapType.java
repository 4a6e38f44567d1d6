package io.ebpf4j.spec;

import java.util.Locale;
import java.util.Optional;

/**
 * The map types of Linux 6.18, named and numbered as {@code enum bpf_map_type} in the UAPI header.
 */
public enum MapType {
  UNSPEC(0),
  HASH(1),
  ARRAY(2),
  PROG_ARRAY(3),
  PERF_EVENT_ARRAY(4),
  PERCPU_HASH(5),
  PERCPU_ARRAY(6),
  STACK_TRACE(7),
  CGROUP_ARRAY(8),
  LRU_HASH(9),
  LRU_PERCPU_HASH(10),
  LPM_TRIE(11),
  ARRAY_OF_MAPS(12),
  HASH_OF_MAPS(13),
  DEVMAP(14),
  SOCKMAP(15),
  CPUMAP(16),
  XSKMAP(17),
  SOCKHASH(18),
  CGROUP_STORAGE(19),
  REUSEPORT_SOCKARRAY(20),
  PERCPU_CGROUP_STORAGE(21),
  QUEUE(22),
  STACK(23),
  SK_STORAGE(24),
  DEVMAP_HASH(25),
  STRUCT_OPS(26),
  RINGBUF(27),
  INODE_STORAGE(28),
  TASK_STORAGE(29),
  BLOOM_FILTER(30),
  USER_RINGBUF(31),
  CGRP_STORAGE(32),
  ARENA(33);

  private static final MapType[] BY_ID = byId();

  private final int id;

  MapType(int id) {
    this.id = id;
  }

  /** The number in the UAPI header. */
  public int id() {
    return id;
  }

  /** The name that bpftool prints: lower case, words joined by underscores. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The constant with that number in the UAPI header, or empty where Linux 6.18 has none. */
  public static Optional<MapType> ofId(int id) {
    return id >= 0 && id < BY_ID.length ? Optional.of(BY_ID[id]) : Optional.empty();
  }

  private static MapType[] byId() {
    MapType[] all = values();
    MapType[] byId = new MapType[all.length];
    for (MapType constant : all) {
      byId[constant.id] = constant;
    }
    return byId;
  }
}
