package io.ebpf4j.jvm.verifier;

import io.ebpf4j.jvm.helper.HelperNames;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramSpec;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which helpers take which types of maps, both ways, as Linux has it. */
final class MapHelperRules {
  private static final int UPDATE = 2;
  private static final int DELETE = 3;

  /** What a map of a type may be given to; a type that is not here goes anywhere. */
  private static final Map<MapType, List<Integer>> OF_TYPE = new EnumMap<>(MapType.class);

  /** What a helper takes; one that is not here takes any map. */
  private static final Map<Integer, List<MapType>> OF_HELPER = new HashMap<>();

  static {
    type(MapType.PROG_ARRAY, "tail_call");
    type(
        MapType.PERF_EVENT_ARRAY,
        "perf_event_read perf_event_output skb_output perf_event_read_value xdp_output");
    type(
        MapType.RINGBUF,
        "ringbuf_output ringbuf_reserve ringbuf_query ringbuf_reserve_dynptr"
            + " ringbuf_submit_dynptr ringbuf_discard_dynptr");
    type(MapType.USER_RINGBUF, "user_ringbuf_drain");
    type(MapType.STACK_TRACE, "get_stackid");
    type(MapType.CGROUP_ARRAY, "skb_under_cgroup current_task_under_cgroup");
    type(MapType.CGROUP_STORAGE, "get_local_storage");
    type(MapType.PERCPU_CGROUP_STORAGE, "get_local_storage");
    type(MapType.DEVMAP, "redirect_map map_lookup_elem");
    type(MapType.DEVMAP_HASH, "redirect_map map_lookup_elem");
    type(MapType.CPUMAP, "redirect_map");
    type(MapType.XSKMAP, "redirect_map map_lookup_elem");
    type(MapType.ARRAY_OF_MAPS, "map_lookup_elem");
    type(MapType.HASH_OF_MAPS, "map_lookup_elem");
    type(
        MapType.SOCKMAP,
        "sk_redirect_map sock_map_update msg_redirect_map sk_select_reuseport"
            + " map_lookup_elem");
    type(
        MapType.SOCKHASH,
        "sk_redirect_hash sock_hash_update msg_redirect_hash sk_select_reuseport"
            + " map_lookup_elem");
    type(MapType.REUSEPORT_SOCKARRAY, "sk_select_reuseport");
    type(MapType.QUEUE, "map_peek_elem map_pop_elem map_push_elem");
    type(MapType.STACK, "map_peek_elem map_pop_elem map_push_elem");
    type(MapType.BLOOM_FILTER, "map_peek_elem map_push_elem");
    type(MapType.SK_STORAGE, "sk_storage_get sk_storage_delete kptr_xchg");
    type(MapType.INODE_STORAGE, "inode_storage_get inode_storage_delete kptr_xchg");
    type(MapType.TASK_STORAGE, "task_storage_get task_storage_delete kptr_xchg");
    type(MapType.CGRP_STORAGE, "cgrp_storage_get cgrp_storage_delete kptr_xchg");

    helpers("tail_call", MapType.PROG_ARRAY);
    helpers(
        "perf_event_read perf_event_output skb_output perf_event_read_value xdp_output",
        MapType.PERF_EVENT_ARRAY);
    helpers(
        "ringbuf_output ringbuf_reserve ringbuf_query ringbuf_reserve_dynptr"
            + " ringbuf_submit_dynptr ringbuf_discard_dynptr",
        MapType.RINGBUF);
    helpers("user_ringbuf_drain", MapType.USER_RINGBUF);
    helpers("get_stackid", MapType.STACK_TRACE);
    helpers("skb_under_cgroup current_task_under_cgroup", MapType.CGROUP_ARRAY);
    helpers("redirect_map", MapType.DEVMAP, MapType.DEVMAP_HASH, MapType.CPUMAP, MapType.XSKMAP);
    helpers("sk_redirect_map msg_redirect_map sock_map_update", MapType.SOCKMAP);
    helpers("sk_redirect_hash msg_redirect_hash sock_hash_update", MapType.SOCKHASH);
    helpers("get_local_storage", MapType.CGROUP_STORAGE, MapType.PERCPU_CGROUP_STORAGE);
    helpers("sk_select_reuseport", MapType.REUSEPORT_SOCKARRAY, MapType.SOCKMAP, MapType.SOCKHASH);
    helpers("map_pop_elem", MapType.QUEUE, MapType.STACK);
    helpers("map_peek_elem map_push_elem", MapType.QUEUE, MapType.STACK, MapType.BLOOM_FILTER);
    helpers(
        "map_lookup_percpu_elem",
        MapType.PERCPU_ARRAY,
        MapType.PERCPU_HASH,
        MapType.LRU_PERCPU_HASH);
    helpers("sk_storage_get sk_storage_delete", MapType.SK_STORAGE);
    helpers("inode_storage_get inode_storage_delete", MapType.INODE_STORAGE);
    helpers("task_storage_get task_storage_delete", MapType.TASK_STORAGE);
    helpers("cgrp_storage_get cgrp_storage_delete", MapType.CGRP_STORAGE);
  }

  private MapHelperRules() {}

  private static void type(MapType type, String helpers) {
    OF_TYPE.put(type, ids(helpers));
  }

  private static void helpers(String names, MapType... types) {
    ids(names).forEach(id -> OF_HELPER.put(id, List.of(types)));
  }

  private static List<Integer> ids(String names) {
    return List.of(names.split(" ", -1)).stream()
        .map(name -> HelperNames.idOf(name).orElseThrow())
        .toList();
  }

  static boolean fit(MapType type, int helper, ProgramSpec program) {
    List<Integer> taking = OF_TYPE.get(type);
    List<MapType> taken = OF_HELPER.get(helper);
    return (taken == null || taken.contains(type))
        && (taking == null || taking.contains(helper) || changesSocks(type, helper, program));
  }

  /** Some program types may change a map of sockets as any other. */
  private static boolean changesSocks(MapType type, int helper, ProgramSpec program) {
    if ((type != MapType.SOCKMAP && type != MapType.SOCKHASH)
        || (helper != UPDATE && helper != DELETE)) {
      return false;
    }
    return switch (program.type()) {
      case TRACING -> program.expectedAttachType() == AttachType.TRACE_ITER;
      case SOCKET_FILTER, SCHED_CLS, SCHED_ACT, XDP, SK_REUSEPORT, FLOW_DISSECTOR, SK_LOOKUP ->
          true;
      case SOCK_OPS -> helper == DELETE;
      default -> false;
    };
  }
}
