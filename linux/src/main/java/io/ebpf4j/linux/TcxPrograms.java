package io.ebpf4j.linux;

import io.ebpf4j.spec.AttachType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/**
 * The programs of a device's traffic control.
 *
 * @param programIds in the order in which they run
 * @param revision a number that grows with each change
 */
public record TcxPrograms(List<Integer> programIds, long revision) {
  /** As many as Linux lets a device have (BPF_MPROG_MAX). */
  private static final int MOST = 64;

  /** Copies the ids. */
  public TcxPrograms {
    programIds = List.copyOf(programIds);
  }

  static TcxPrograms query(int ifindex, boolean ingress) {
    try (Bpf bpf = new Bpf()) {
      MemorySegment ids = bpf.buffer(MOST * Integer.BYTES);
      bpf.u32(0, ifindex)
          .u32(4, (ingress ? AttachType.TCX_INGRESS : AttachType.TCX_EGRESS).id())
          .pointer(16, ids)
          .u32(24, MOST)
          .callOrThrow(Bpf.PROG_QUERY, "to tell of the programs of device " + ifindex);
      int[] found = ids.toArray(ValueLayout.JAVA_INT);
      return new TcxPrograms(Arrays.stream(found).limit(bpf.u32(24)).boxed().toList(), bpf.u64(56));
    }
  }
}
