package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Link;
import io.ebpf4j.Program;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** One walk of an iterator over a map: a link, an iterator of it, and reads to its end. */
final class LinuxIteration {
  /** What a read gives at most. */
  private static final int READ_BYTES = 8 * 4096;

  /** Bytes of {@code union bpf_iter_link_info}. */
  private static final int TARGET_BYTES = 16;

  private LinuxIteration() {}

  /**
   * Reads it all, as {@link Kernel#iterate} says.
   *
   * @throws BpfException as that says
   */
  static byte[] read(Program program, BpfMap map) {
    String walk =
        "program '%s' over map '%s' (%s)"
            .formatted(program.spec().name(), map.spec().name(), map.spec().type());
    int link = link(program.fd(), map.fd(), walk);
    try {
      int iterator = iterator(link, walk);
      try {
        return readAll(iterator, walk);
      } finally {
        Bpf.closeFd(iterator);
      }
    } finally {
      Bpf.closeFd(link);
    }
  }

  /** Reads what an iterator's link gives. */
  static byte[] read(Link link) {
    String walk = link.toString();
    int iterator = iterator(link.fd(), walk);
    try {
      return readAll(iterator, walk);
    } finally {
      Bpf.closeFd(iterator);
    }
  }

  /** A link of an iterator over a map's elements. */
  static int link(int programFd, int mapFd, String walk) {
    try (Bpf bpf = new Bpf()) {
      MemorySegment target = bpf.buffer(TARGET_BYTES);
      target.set(ValueLayout.JAVA_INT, 0, mapFd);
      return bpf.u32(0, programFd)
          .u32(8, AttachType.TRACE_ITER.id())
          .pointer(16, target)
          .u32(24, TARGET_BYTES)
          .callOrThrow(Bpf.LINK_CREATE, "to iterate with " + walk);
    }
  }

  private static int iterator(int link, String walk) {
    try (Bpf bpf = new Bpf()) {
      return bpf.u32(0, link).callOrThrow(Bpf.ITER_CREATE, "to iterate with " + walk);
    }
  }

  private static byte[] readAll(int iterator, String walk) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (Bpf bpf = new Bpf()) {
      MemorySegment page = bpf.room(READ_BYTES);
      while (true) {
        long read = Bpf.read(iterator, page);
        if (read < 0) {
          throw Bpf.failure(read, "to go on with " + walk);
        }
        if (read == 0) {
          return out.toByteArray();
        }
        if (out.size() + read > Kernel.MAX_ITERATOR_OUTPUT) {
          throw new BpfException(
              Errno.EFBIG,
              "%s wrote more than %d bytes".formatted(walk, Kernel.MAX_ITERATOR_OUTPUT));
        }
        out.writeBytes(page.asSlice(0, read).toArray(ValueLayout.JAVA_BYTE));
      }
    }
  }
}
