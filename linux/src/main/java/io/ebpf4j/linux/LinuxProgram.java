package io.ebpf4j.linux;

import io.ebpf4j.Program;
import io.ebpf4j.ProgramInfo;
import io.ebpf4j.TestRun;
import io.ebpf4j.spec.ProgramSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** A program of the Linux kernel. */
final class LinuxProgram extends LinuxHandle implements Program {
  /** Room that a packet may grow by: a page of linear data and all fragments. */
  private static final int ROOM_TO_GROW = 1 << 17;

  /** Room for the context of a packet afterwards, which may be more than was given. */
  private static final int CONTEXT_BYTES = 256;

  private final ProgramSpec spec;
  private final int id;
  private final String log;

  LinuxProgram(LinuxKernel kernel, int fd, ProgramSpec spec, int id, String log) {
    super(kernel, fd);
    this.log = log;
    this.spec = spec;
    this.id = id;
  }

  @Override
  String describe() {
    return "program '%s' (%s)".formatted(spec.name(), spec.type());
  }

  @Override
  public int id() {
    mustBeOpen();
    return id;
  }

  @Override
  public ProgramSpec spec() {
    mustBeOpen();
    return spec;
  }

  @Override
  public ProgramInfo info() {
    return with(LinuxInfo::ofProgram);
  }

  @Override
  public String log() {
    return log;
  }

  @Override
  public int processedInstructions() {
    return info().verifiedInstructions();
  }

  @Override
  public TestRun.Result testRun(TestRun run) {
    return with(fd -> testRun(fd, run));
  }

  private TestRun.Result testRun(int fd, TestRun run) {
    try (Bpf bpf = new Bpf()) {
      boolean onCpu = (run.flags() & TestRun.ON_CPU) != 0;
      bpf.u32(0, fd)
          .u32(32, run.repeat())
          .u32(64, run.flags())
          .u32(72, run.batchSize())
          .u32(68, onCpu ? run.cpu() : Math.max(run.cpu(), 0));
      boolean hasData = run.data().length > 0;
      boolean live = (run.flags() & TestRun.LIVE_FRAMES) != 0;
      boolean wantsData = !live && (hasData || run.dataOutSize() > 0);
      int room = run.dataOutSize() >= 0 ? run.dataOutSize() : run.data().length + ROOM_TO_GROW;
      MemorySegment dataOut = bpf.room(wantsData ? room : 0);
      if (hasData) {
        bpf.u32(8, run.data().length).in(16, MemorySegment.ofArray(run.data()));
      }
      if (wantsData && room > 0) {
        bpf.u32(12, room).pointer(24, dataOut);
      }
      byte[] context = run.context();
      int contextRoom = context == null ? 0 : Math.max(context.length, CONTEXT_BYTES);
      MemorySegment contextOut = bpf.buffer(contextRoom);
      if (context != null) {
        MemorySegment.copy(context, 0, contextOut, ValueLayout.JAVA_BYTE, 0, context.length);
        bpf.u32(40, context.length).in(48, contextOut);
        switch (live ? ContextAfter.NONE : contextAfter()) {
          case NONE -> {}
          case IN_PLACE -> bpf.pointer(48, contextOut);
          case COPIED -> bpf.u32(44, contextRoom).pointer(56, contextOut);
        }
      }
      long result = bpf.call(Bpf.PROG_TEST_RUN);
      if (result < 0) {
        throw Bpf.failure(result, "a test run of " + describe());
      }
      int dataBytes = wantsData ? Math.min(bpf.u32(12), room) : 0;
      int contextBytes = live ? 0 : contextBytes(bpf, context, contextRoom);
      return new TestRun.Result(
          bpf.u32(4),
          dataOut.asSlice(0, dataBytes).toArray(ValueLayout.JAVA_BYTE),
          contextOut.asSlice(0, contextBytes).toArray(ValueLayout.JAVA_BYTE),
          Integer.toUnsignedLong(bpf.u32(36)));
    }
  }

  /** Where a context is found after the run. */
  private enum ContextAfter {
    NONE,
    IN_PLACE,
    COPIED
  }

  private ContextAfter contextAfter() {
    return switch (spec.type()) {
      case XDP, SOCKET_FILTER, SCHED_CLS, SCHED_ACT, CGROUP_SKB -> ContextAfter.COPIED;
      case SYSCALL -> ContextAfter.IN_PLACE;
      default -> ContextAfter.NONE;
    };
  }

  private int contextBytes(Bpf bpf, byte @Nullable [] context, int room) {
    if (context == null) {
      return 0;
    }
    return switch (contextAfter()) {
      case NONE -> 0;
      case IN_PLACE -> context.length;
      case COPIED -> Math.min(bpf.u32(44), room);
    };
  }
}
