package io.ebpf4j.linux;

import io.ebpf4j.Link;
import io.ebpf4j.Program;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A link of the Linux kernel. */
final class LinuxLink extends LinuxHandle implements Link {
  private static final int XDP = 6;
  private static final int TCX = 11;

  /** BPF_F_REPLACE. */
  private static final int REPLACE = 1 << 2;

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
    MemorySegment info = LinuxInfo.bytes(fd);
    int type = info.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
    boolean ofDevice = type == XDP || type == TCX;
    return new Info(
        info.get(ValueLayout.JAVA_INT_UNALIGNED, 4),
        type,
        info.get(ValueLayout.JAVA_INT_UNALIGNED, 8),
        ofDevice ? info.get(ValueLayout.JAVA_INT_UNALIGNED, 16) : 0);
  }
}
