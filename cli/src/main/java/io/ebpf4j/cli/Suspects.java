package io.ebpf4j.cli;

import io.ebpf4j.jvm.helper.HelperNames;
import io.ebpf4j.object.ObjectFile;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Helpers that give another result on every kernel and in every run. */
final class Suspects {
  private static final Set<String> NAMES =
      Set.of(
          "ktime_get_ns",
          "ktime_get_boot_ns",
          "ktime_get_coarse_ns",
          "ktime_get_tai_ns",
          "jiffies64",
          "get_prandom_u32",
          "get_current_pid_tgid",
          "get_current_task",
          "get_current_task_btf",
          "get_current_comm",
          "get_current_cgroup_id",
          "perf_event_read_value");

  private Suspects() {}

  /** Those that an object's programs call. */
  static List<String> of(ObjectFile file) {
    TreeSet<String> found = new TreeSet<>();
    for (String program : file.programs().keySet()) {
      if (!file.omittedPrograms().contains(program)) {
        for (int id : file.helpers(program)) {
          HelperNames.nameOf(id)
              .filter(NAMES::contains)
              .ifPresent(name -> found.add("bpf_" + name));
        }
      }
    }
    return List.copyOf(found);
  }
}
