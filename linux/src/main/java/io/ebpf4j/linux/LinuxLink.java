package io.ebpf4j.linux;

import io.ebpf4j.Link;
import io.ebpf4j.Program;
import io.ebpf4j.spec.AttachType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** A link of the Linux kernel. */
final class LinuxLink extends LinuxHandle implements Link {
  // enum bpf_link_type.
  private static final int RAW_TRACEPOINT = 1;
  private static final int TRACING = 2;
  private static final int CGROUP = 3;
  private static final int ITER = 4;
  private static final int NETNS = 5;
  private static final int XDP = 6;
  private static final int TCX = 11;

  /** BPF_F_REPLACE. */
  private static final int REPLACE = 1 << 2;

  private static final int NAME_BYTES = 128;

  private final int id;

  LinuxLink(LinuxKernel kernel, int fd) {
    super(kernel, fd);
    this.id = info(fd).id();
  }

  @Override
  String describe() {
    return "link " + id;
  }

  @Override
  public int id() {
    mustBeOpen();
    return id;
  }

  @Override
  public Info info() {
    return with(LinuxLink::info);
  }

  @Override
  public void update(Program program) {
    int programFd = program.fd();
    with(fd -> {
      try (Bpf bpf = new Bpf()) {
        return bpf.u32(0, fd)
            .u32(4, programFd)
            .callOrThrow(Bpf.LINK_UPDATE, "to update " + describe());
      }
    });
  }

  @Override
  public void update(Program program, Program expected) {
    int programFd = program.fd();
    int expectedFd = expected.fd();
    with(fd -> {
      try (Bpf bpf = new Bpf()) {
        return bpf.u32(0, fd)
            .u32(4, programFd)
            .u32(8, REPLACE)
            .u32(12, expectedFd)
            .callOrThrow(
                Bpf.LINK_UPDATE,
                "to update %s, which must have %s".formatted(describe(), expected));
      }
    });
  }

  @Override
  public void detach() {
    with(fd -> {
      try (Bpf bpf = new Bpf()) {
        return bpf.u32(0, fd).callOrThrow(Bpf.LINK_DETACH, "to detach " + describe());
      }
    });
  }

  private static Info info(int fd) {
    try (Bpf bpf = new Bpf()) {
      MemorySegment name = bpf.buffer(NAME_BYTES);
      MemorySegment info = LinuxInfo.bytes(fd);
      int type = u32(info, 0);
      if (type == RAW_TRACEPOINT || type == ITER) {
        info = LinuxInfo.bytes(fd, 16, name);
      }
      boolean ofDevice = type == XDP || type == TCX;
      return new Info(
          u32(info, 4),
          type,
          u32(info, 8),
          ofDevice ? u32(info, 16) : 0,
          attachType(type, info),
          target(type, info, name));
    }
  }

  private static @Nullable AttachType attachType(int type, MemorySegment info) {
    int offset =
        switch (type) {
          case TRACING -> 16;
          case TCX, NETNS -> 20;
          case CGROUP -> 24;
          default -> -1;
        };
    return offset < 0 ? null : AttachType.ofId(u32(info, offset)).orElse(null);
  }

  private static Target target(int type, MemorySegment info, MemorySegment name) {
    return switch (type) {
      case RAW_TRACEPOINT -> new Target.RawTracepoint(name.getString(0));
      case TRACING -> new Target.Typed(u32(info, 20), u32(info, 24));
      case CGROUP -> new Target.Cgroup(info.get(ValueLayout.JAVA_LONG_UNALIGNED, 16));
      case ITER -> {
        String over = name.getString(0);
        yield new Target.Iteration(over, over.equals("bpf_map_elem") ? u32(info, 28) : 0);
      }
      default -> new Target.Untold();
    };
  }

  private static int u32(MemorySegment info, long offset) {
    return info.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
  }
}
