package io.ebpf4j.linux;

import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.spec.ProgramSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A program of the Linux kernel. */
final class LinuxProgram extends LinuxHandle implements Program {
  /** Room that a packet may grow by: a page of linear data and all fragments. */
  private static final int ROOM_TO_GROW = 1 << 17;

  private static final int ENOSPC = 28;

  private final ProgramSpec spec;
  private final int id;

  LinuxProgram(LinuxKernel kernel, int fd, ProgramSpec spec, int id) {
    super(kernel, fd);
    this.spec = spec;
    this.id = id;
  }

  @Override
  String describe() {
    return "program '%s' (%s)".formatted(spec.name(), spec.type());
  }

  @Override
  public int id() {
    return id;
  }

  @Override
  public ProgramSpec spec() {
    return spec;
  }

  @Override
  public TestRun.Result testRun(TestRun run) {
    return with(fd -> testRun(fd, run));
  }

  private TestRun.Result testRun(int fd, TestRun run) {
    try (Bpf bpf = new Bpf()) {
      bpf.u32(0, fd).u32(32, run.repeat()).u32(64, run.flags()).u32(68, Math.max(run.cpu(), 0));
      boolean hasData = run.data().length > 0;
      int room = run.dataOutSize() >= 0 ? run.dataOutSize() : run.data().length + ROOM_TO_GROW;
      MemorySegment dataOut = bpf.room(hasData ? room : 0);
      if (hasData) {
        bpf.u32(8, run.data().length).in(16, MemorySegment.ofArray(run.data()));
        if (room > 0) {
          bpf.u32(12, room).pointer(24, dataOut);
        }
      }
      byte[] context = run.context();
      MemorySegment contextOut = bpf.buffer(context == null ? 0 : context.length);
      if (context != null) {
        bpf.u32(40, context.length).in(48, MemorySegment.ofArray(context));
        if (givesContextBack()) {
          bpf.u32(44, context.length).pointer(56, contextOut);
        }
      }
      long result = bpf.call(Bpf.PROG_TEST_RUN);
      if (result < 0 && !(result == -ENOSPC && run.dataOutSize() >= 0)) {
        throw Bpf.failure(result, "a test run of " + describe());
      }
      int dataBytes = hasData ? Math.min(bpf.u32(12), room) : 0;
      int contextBytes = context == null || !givesContextBack() ? 0 : bpf.u32(44);
      return new TestRun.Result(
          bpf.u32(4),
          dataOut.asSlice(0, dataBytes).toArray(ValueLayout.JAVA_BYTE),
          contextOut.asSlice(0, contextBytes).toArray(ValueLayout.JAVA_BYTE),
          Integer.toUnsignedLong(bpf.u32(36)));
    }
  }

  private boolean givesContextBack() {
    return switch (spec.type()) {
      case XDP, SOCKET_FILTER, SCHED_CLS, SCHED_ACT, CGROUP_SKB -> true;
      default -> false;
    };
  }
}
