package io.ebpf4j.linux;

import io.ebpf4j.BpfMap;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.MapFlags;
import java.lang.foreign.MemorySegment;

/**
 * A descriptor of a map beside the user's. What is put into a PERF_EVENT_ARRAY goes when the file
 * through which it was put is closed, so an own file takes out just what it put in.
 *
 * @param own whether it is a file of its own, or the user's once more: to open a map by its id is
 *     for CAP_SYS_ADMIN only
 */
record MapFile(int fd, boolean own, String map) implements AutoCloseable {
  private static final int DUPFD_CLOEXEC = 1030;

  /** Opens a map once more, with the same rights. */
  static MapFile reopen(BpfMap map) {
    int rights = map.spec().flags() & (MapFlags.RDONLY | MapFlags.WRONLY);
    try (Bpf bpf = new Bpf()) {
      long result = bpf.u32(0, map.id()).u32(8, rights).call(Bpf.MAP_GET_FD_BY_ID);
      boolean own = result != -Errno.EPERM.number();
      if (!own) {
        result = Syscall.call(SystemCall.FCNTL, map.fd(), DUPFD_CLOEXEC, 0, 0, 0, 0);
      }
      if (result < 0) {
        throw Bpf.failure(result, "to open %s once more".formatted(map));
      }
      return new MapFile((int) result, own, map.toString());
    }
  }

  /** Puts a descriptor into an array. */
  void update(int index, int value) {
    try (Bpf bpf = new Bpf()) {
      bpf.u32(0, fd)
          .in(8, MemorySegment.ofArray(new int[] {index}))
          .in(16, MemorySegment.ofArray(new int[] {value}))
          .callOrThrow(Bpf.MAP_UPDATE_ELEM, "an update of " + map);
    }
  }

  /** Takes out of an array what may be there. */
  void delete(int index) {
    try (Bpf bpf = new Bpf()) {
      bpf.u32(0, fd).in(8, MemorySegment.ofArray(new int[] {index})).call(Bpf.MAP_DELETE_ELEM);
    }
  }

  @Override
  public void close() {
    Bpf.closeFd(fd);
  }
}
