package io.ebpf4j.linux;

import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a program of each type is to say of itself so that Linux takes it; its code is another's.
 */
final class SmallestProgram {
  private SmallestProgram() {}

  /** A program without instructions, or nothing where a type needs another program or a struct. */
  static Optional<ProgramSpec> of(ProgramType type) {
    return switch (type) {
      case UNSPEC, STRUCT_OPS, EXT -> Optional.empty();
      case TRACING -> attachedAs(AttachType.TRACE_RAW_TP);
      case LSM -> attachedAs(AttachType.LSM_MAC);
      case SYSCALL -> program(type, null).map(spec -> spec.withFlags(true, false));
      case CGROUP_SOCK_ADDR -> program(type, AttachType.CGROUP_INET4_CONNECT);
      case CGROUP_SOCKOPT -> program(type, AttachType.CGROUP_GETSOCKOPT);
      case CGROUP_SKB -> program(type, AttachType.CGROUP_INET_INGRESS);
      case CGROUP_SOCK -> program(type, AttachType.CGROUP_INET_SOCK_CREATE);
      case SK_LOOKUP -> program(type, AttachType.SK_LOOKUP);
      case SK_REUSEPORT -> program(type, AttachType.SK_REUSEPORT_SELECT);
      case NETFILTER -> program(type, AttachType.NETFILTER);
      case XDP -> program(type, AttachType.XDP);
      default -> program(type, null);
    };
  }

  /** A program that is attached to what it was loaded for, or nothing for other attach types. */
  static Optional<ProgramSpec> attachedAs(AttachType type) {
    return switch (type) {
      case TRACE_RAW_TP -> program(ProgramType.TRACING, type, "sched_process_exit");
      case TRACE_ITER -> program(ProgramType.TRACING, type, "task");
      case TRACE_FENTRY, TRACE_FEXIT -> program(ProgramType.TRACING, type, "bpf_fentry_test1");
      case MODIFY_RETURN -> program(ProgramType.TRACING, type, "bpf_modify_return_test");
      case LSM_MAC -> program(ProgramType.LSM, type, "quota_on");
      default -> Optional.empty();
    };
  }

  private static Optional<ProgramSpec> program(
      ProgramType type, AttachType attachType, String attachTo) {
    return program(type, attachType).map(spec -> spec.withAttachTo(attachTo));
  }

  private static Optional<ProgramSpec> program(ProgramType type, @Nullable AttachType attachType) {
    return Optional.of(ProgramSpec.of("probe", type, List.of()).withExpectedAttachType(attachType));
  }
}
