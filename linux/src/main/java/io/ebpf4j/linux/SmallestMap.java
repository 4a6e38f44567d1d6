package io.ebpf4j.linux;

import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.util.Optional;

/** The smallest map of each type that Linux takes. */
final class SmallestMap {
  private static final int PAGE_BYTES = 4096;
  private static final int STORAGE_KEY_BYTES = 16;

  private SmallestMap() {}

  /** The map, or nothing where a type needs more than sizes. */
  static Optional<MapSpec> of(MapType type) {
    return switch (type) {
      case UNSPEC, STRUCT_OPS -> Optional.empty();
      case HASH,
          ARRAY,
          PROG_ARRAY,
          PERF_EVENT_ARRAY,
          PERCPU_HASH,
          PERCPU_ARRAY,
          CGROUP_ARRAY,
          LRU_HASH,
          LRU_PERCPU_HASH,
          DEVMAP,
          DEVMAP_HASH,
          SOCKMAP,
          SOCKHASH,
          CPUMAP,
          XSKMAP,
          REUSEPORT_SOCKARRAY ->
          map(type, 4, 4, 1);
      case STACK_TRACE -> map(type, 4, 8, 1);
      case LPM_TRIE -> map(type, 8, 4, 1).map(spec -> spec.withFlags(MapFlags.NO_PREALLOC));
      case ARRAY_OF_MAPS, HASH_OF_MAPS ->
          map(type, 4, 4, 1).map(spec -> spec.withInner(MapSpec.array("inner", 4, 1)));
      case CGROUP_STORAGE, PERCPU_CGROUP_STORAGE -> map(type, STORAGE_KEY_BYTES, 4, 0);
      case QUEUE, STACK, BLOOM_FILTER -> map(type, 0, 4, 1);
      case RINGBUF, USER_RINGBUF -> map(type, 0, 0, PAGE_BYTES);
      case ARENA -> map(type, 0, 0, 1).map(spec -> spec.withFlags(MapFlags.MMAPABLE));
      case SK_STORAGE, INODE_STORAGE, TASK_STORAGE, CGRP_STORAGE ->
          map(type, 4, 4, 0).map(spec -> typed(spec.withFlags(MapFlags.NO_PREALLOC)));
    };
  }

  private static Optional<MapSpec> map(MapType type, int keySize, int valueSize, int maxEntries) {
    return Optional.of(MapSpec.of("probe", type, keySize, valueSize, maxEntries));
  }

  private static MapSpec typed(MapSpec spec) {
    BtfBuilder types = new BtfBuilder();
    int number = types.signed("int", 4);
    return spec.withTypes(types.build(), number, number);
  }
}
