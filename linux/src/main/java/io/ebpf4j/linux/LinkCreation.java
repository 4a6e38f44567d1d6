package io.ebpf4j.linux;

import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Attachment.TcxPlace;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;

/** BPF_LINK_CREATE and BPF_RAW_TRACEPOINT_OPEN: a program and where it is attached. */
final class LinkCreation {
  private static final int XDP_GENERIC = 1 << 1;
  private static final int XDP_NATIVE = 1 << 2;

  private static final int BEFORE = 1 << 3;
  private static final int AFTER = 1 << 4;
  private static final int ANCHOR_IS_ID = 1 << 5;
  private static final int ANCHOR_IS_LINK = 1 << 13;

  private LinkCreation() {}

  /** The link's descriptor. */
  static int create(ProgramSpec program, int programFd, Attachment to) {
    String what = "to attach program '%s' (%s)".formatted(program.name(), program.type());
    return switch (to) {
      case Attachment.Xdp(int ifindex, Attachment.XdpMode mode) ->
          link(programFd, ifindex, AttachType.XDP, flags(mode), what + " to device " + ifindex);
      case Attachment.Tcx(int ifindex, boolean ingress, TcxPlace place) ->
          tcx(programFd, ifindex, ingress, place, what + " to device " + ifindex);
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
      // Its attach type is none at all.
      case Attachment.Loaded() when program.type() == ProgramType.EXT ->
          function(programFd, 0, 0, what);
      case Attachment.Loaded() -> link(programFd, 0, loadedFor(program), 0, what);
      case Attachment.Function(int programId, String function) -> {
        String place = what + " to %s of program %d".formatted(function, programId);
        try (AttachTarget target =
            AttachTarget.ofFunction(programId, function, "program '" + program.name() + "'")) {
          yield function(programFd, target.programFd(), target.btfId(), place);
        }
      }
      case Attachment.Elements(int mapId) -> {
        String place = what + " to the elements of map " + mapId;
        try (Bpf bpf = new Bpf()) {
          int map = bpf.u32(0, mapId).callOrThrow(Bpf.MAP_GET_FD_BY_ID, place);
          try {
            yield LinuxIteration.link(programFd, map, "program '" + program.name() + "'");
          } finally {
            Bpf.closeFd(map);
          }
        }
      }
    };
  }

  private static int tcx(int programFd, int ifindex, boolean ingress, TcxPlace place, String what) {
    int flags =
        switch (place.side()) {
          case BEFORE -> BEFORE;
          case AFTER -> AFTER;
        };
    if (place.anchor() != 0) {
      flags |= ANCHOR_IS_ID | (place.anchorIsLink() ? ANCHOR_IS_LINK : 0);
    }
    try (Bpf bpf = new Bpf()) {
      return bpf.u32(0, programFd)
          .u32(4, ifindex)
          .u32(8, (ingress ? AttachType.TCX_INGRESS : AttachType.TCX_EGRESS).id())
          .u32(12, flags)
          .u32(16, place.anchor())
          .u64(24, place.expectedRevision())
          .callOrThrow(Bpf.LINK_CREATE, what);
    }
  }

  private static int function(int programFd, int targetFd, int btfId, String what) {
    try (Bpf bpf = new Bpf()) {
      return bpf.u32(0, programFd)
          .u32(4, targetFd)
          .u32(16, btfId)
          .callOrThrow(Bpf.LINK_CREATE, what);
    }
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
