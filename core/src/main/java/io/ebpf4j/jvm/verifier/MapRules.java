package io.ebpf4j.jvm.verifier;

import io.ebpf4j.jvm.map.MapShape;
import io.ebpf4j.jvm.map.SpecialFields;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;

/** Which maps a type of program may use at all. */
final class MapRules {
  private MapRules() {}

  static void check(Subject subject) {
    subject.maps().entrySet().stream()
        .sorted(java.util.Map.Entry.comparingByKey())
        .forEach(use -> check(subject.spec(), use.getValue().map()));
  }

  private static void check(ProgramSpec program, MapShape map) {
    SpecialFields fields = map.specialFields();
    if (fields.has(SpecialFields.Kind.SPIN_LOCK)) {
      if (program.type() == ProgramType.SOCKET_FILTER) {
        throw Rejection.invalid("socket filter progs cannot use bpf_spin_lock yet");
      }
      if (isTracing(program.type())) {
        throw Rejection.invalid("tracing progs cannot use bpf_spin_lock yet");
      }
    }
    if (fields.has(SpecialFields.Kind.TIMER) && isTracing(program.type())) {
      throw Rejection.invalid("tracing progs cannot use bpf_timer yet");
    }
    if (fields.has(SpecialFields.Kind.WORK_QUEUE) && isTracing(program.type())) {
      throw Rejection.invalid("tracing progs cannot use bpf_wq yet");
    }
    if (program.sleepable() && !maySleep(map)) {
      throw Rejection.invalid(
          "Sleepable programs can only use array, hash, ringbuf and local storage maps");
    }
  }

  private static boolean isTracing(ProgramType type) {
    return switch (type) {
      case KPROBE, TRACEPOINT, PERF_EVENT, RAW_TRACEPOINT, RAW_TRACEPOINT_WRITABLE -> true;
      default -> false;
    };
  }

  private static boolean maySleep(MapShape map) {
    return switch (map.spec().type()) {
      case HASH,
          LRU_HASH,
          ARRAY,
          PERCPU_HASH,
          PERCPU_ARRAY,
          LRU_PERCPU_HASH,
          ARRAY_OF_MAPS,
          HASH_OF_MAPS,
          RINGBUF,
          USER_RINGBUF,
          INODE_STORAGE,
          SK_STORAGE,
          TASK_STORAGE,
          CGRP_STORAGE,
          QUEUE,
          STACK,
          ARENA ->
          true;
      default -> false;
    };
  }
}
