package io.ebpf4j.linux;

import io.ebpf4j.spec.Errno;
import java.util.Map;

/** Since when Linux has the commands of bpf(2): older kernels answer EINVAL. */
final class BpfCommandAge {
  private static final Map<Integer, String> SINCE =
      Map.ofEntries(
          Map.entry(Bpf.OBJ_PIN, "4.4"),
          Map.entry(Bpf.OBJ_GET, "4.4"),
          Map.entry(Bpf.PROG_TEST_RUN, "4.12"),
          Map.entry(Bpf.OBJ_GET_INFO_BY_FD, "4.13"),
          Map.entry(Bpf.MAP_GET_NEXT_ID, "4.13"),
          Map.entry(Bpf.PROG_GET_NEXT_ID, "4.13"),
          Map.entry(Bpf.MAP_GET_FD_BY_ID, "4.13"),
          Map.entry(Bpf.PROG_GET_FD_BY_ID, "4.13"),
          Map.entry(Bpf.PROG_QUERY, "4.15"),
          Map.entry(Bpf.RAW_TRACEPOINT_OPEN, "4.17"),
          Map.entry(Bpf.BTF_LOAD, "4.18"),
          Map.entry(Bpf.MAP_LOOKUP_AND_DELETE_ELEM, "4.20"),
          Map.entry(Bpf.MAP_FREEZE, "5.2"),
          Map.entry(Bpf.MAP_LOOKUP_BATCH, "5.6"),
          Map.entry(Bpf.MAP_LOOKUP_AND_DELETE_BATCH, "5.6"),
          Map.entry(Bpf.MAP_UPDATE_BATCH, "5.6"),
          Map.entry(Bpf.MAP_DELETE_BATCH, "5.6"),
          Map.entry(Bpf.LINK_CREATE, "5.7"),
          Map.entry(Bpf.LINK_UPDATE, "5.7"),
          Map.entry(Bpf.LINK_GET_FD_BY_ID, "5.8"),
          Map.entry(Bpf.LINK_GET_NEXT_ID, "5.8"),
          Map.entry(Bpf.ENABLE_STATS, "5.8"),
          Map.entry(Bpf.ITER_CREATE, "5.8"),
          Map.entry(Bpf.LINK_DETACH, "5.9"));

  private BpfCommandAge() {}

  /** Whether the answer to a command is that this kernel is too old for it, or nothing. */
  static String hint(int command, long result) {
    return hint(command, result, System.getProperty("os.version"));
  }

  /** The same for a kernel of some release. */
  static String hint(int command, long result, String release) {
    String since = SINCE.get(command);
    int version = LinuxConfiguration.version(release);
    boolean tooOld =
        result == -Errno.EINVAL.number()
            && since != null
            && version != 0
            && version < LinuxConfiguration.version(since);
    return tooOld
        ? "; Linux has this since %s, and this machine runs %s".formatted(since, release)
        : "";
  }
}
