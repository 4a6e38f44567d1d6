package io.ebpf4j.jvm.verifier;

import io.ebpf4j.spec.MapType;

/** Which helpers take which types of maps, both ways, as Linux has it. */
final class MapHelperRules {
  private static final int LOOKUP = 1;
  private static final int TAIL_CALL = 12;
  private static final int PERF_EVENT_READ = 22;
  private static final int PERF_EVENT_OUTPUT = 25;
  private static final int SKB_UNDER_CGROUP = 33;
  private static final int CURRENT_TASK_UNDER_CGROUP = 37;
  private static final int REDIRECT_MAP = 51;
  private static final int PERF_EVENT_READ_VALUE = 55;
  private static final int SKB_OUTPUT = 111;
  private static final int XDP_OUTPUT = 121;
  private static final int FOR_EACH = 164;
  private static final int LOOKUP_PERCPU = 195;

  private MapHelperRules() {}

  static boolean fit(MapType type, int helper) {
    return takes(type, helper) && isTaken(type, helper);
  }

  /** What a map's type allows. */
  private static boolean takes(MapType type, int helper) {
    return switch (type) {
      case PROG_ARRAY -> helper == TAIL_CALL;
      case PERF_EVENT_ARRAY ->
          switch (helper) {
            case PERF_EVENT_READ,
                PERF_EVENT_OUTPUT,
                SKB_OUTPUT,
                PERF_EVENT_READ_VALUE,
                XDP_OUTPUT ->
                true;
            default -> false;
          };
      case CGROUP_ARRAY -> helper == SKB_UNDER_CGROUP || helper == CURRENT_TASK_UNDER_CGROUP;
      case ARRAY_OF_MAPS, HASH_OF_MAPS -> helper == LOOKUP;
      case DEVMAP, DEVMAP_HASH, XSKMAP -> helper == LOOKUP || helper == REDIRECT_MAP;
      case CPUMAP -> helper == REDIRECT_MAP;
      default -> true;
    };
  }

  /** What a helper takes. */
  private static boolean isTaken(MapType type, int helper) {
    return switch (helper) {
      case TAIL_CALL -> type == MapType.PROG_ARRAY;
      case PERF_EVENT_READ, PERF_EVENT_OUTPUT, SKB_OUTPUT, PERF_EVENT_READ_VALUE, XDP_OUTPUT ->
          type == MapType.PERF_EVENT_ARRAY;
      case SKB_UNDER_CGROUP, CURRENT_TASK_UNDER_CGROUP -> type == MapType.CGROUP_ARRAY;
      case REDIRECT_MAP ->
          switch (type) {
            case DEVMAP, DEVMAP_HASH, CPUMAP, XSKMAP -> true;
            default -> false;
          };
      case FOR_EACH ->
          switch (type) {
            case ARRAY, PERCPU_ARRAY, HASH, LRU_HASH, PERCPU_HASH, LRU_PERCPU_HASH -> true;
            default -> false;
          };
      case LOOKUP_PERCPU ->
          switch (type) {
            case PERCPU_ARRAY, PERCPU_HASH, LRU_PERCPU_HASH -> true;
            default -> false;
          };
      default -> true;
    };
  }
}
