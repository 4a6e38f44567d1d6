package io.ebpf4j.linux;

import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.ProgramSpec;

/** BPF_LINK_CREATE and BPF_RAW_TRACEPOINT_OPEN: a program and where it is attached. */
final class LinkCreation {
  private static final int XDP_GENERIC = 1 << 1;
  private static final int XDP_NATIVE = 1 << 2;

  private LinkCreation() {}

  /** The link's descriptor. */
  static int create(ProgramSpec program, int programFd, Attachment to) {
    String what = "to attach program '%s' (%s)".formatted(program.name(), program.type());
    return switch (to) {
      case Attachment.Xdp(int ifindex, Attachment.XdpMode mode) ->
          link(programFd, ifindex, AttachType.XDP, flags(mode), what + " to device " + ifindex);
      case Attachment.Tcx(int ifindex, boolean ingress) ->
          link(
              programFd,
              ifindex,
              ingress ? AttachType.TCX_INGRESS : AttachType.TCX_EGRESS,
              0,
              what + " to device " + ifindex);
      case Attachment.Cgroup(String path) -> {
        int group = Bpf.open(path, what + " to the control group " + path);
        try {
          yield link(programFd, group, loadedFor(program), 0, what + " to " + path);
        } finally {
          Bpf.closeFd(group);
        }
      }
      case Attachment.RawTracepoint(String name) -> {
        try (Bpf bpf = new Bpf()) {
          yield bpf.string(0, name)
              .u32(8, programFd)
              .callOrThrow(Bpf.RAW_TRACEPOINT_OPEN, what + " to tracepoint " + name);
        }
      }
      case Attachment.Loaded() -> link(programFd, 0, loadedFor(program), 0, what);
    };
  }

  private static int link(int programFd, int target, AttachType type, int flags, String what) {
    try (Bpf bpf = new Bpf()) {
      return bpf.u32(0, programFd)
          .u32(4, target)
          .u32(8, type.id())
          .u32(12, flags)
          .callOrThrow(Bpf.LINK_CREATE, what);
    }
  }

  private static AttachType loadedFor(ProgramSpec program) {
    AttachType type = program.expectedAttachType();
    if (type == null) {
      throw new IllegalArgumentException(
          "program '%s' was loaded without an expected attach type, which says where it is attached"
              .formatted(program.name()));
    }
    return type;
  }

  private static int flags(Attachment.XdpMode mode) {
    return switch (mode) {
      case ANY -> 0;
      case GENERIC -> XDP_GENERIC;
      case NATIVE -> XDP_NATIVE;
    };
  }
}
