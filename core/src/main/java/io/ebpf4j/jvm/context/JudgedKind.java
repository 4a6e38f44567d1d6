package io.ebpf4j.jvm.context;

import static io.ebpf4j.spec.AttachType.CGROUP_INET_EGRESS;
import static io.ebpf4j.spec.AttachType.CGROUP_INET_INGRESS;
import static io.ebpf4j.spec.AttachType.CGROUP_INET_SOCK_CREATE;

import io.ebpf4j.BpfException;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A program type that this kernel verifies and never runs: its programs are loaded, so that a user
 * learns what Linux would say of them; what would run one names the type.
 */
public final class JudgedKind implements ProgramKind {
  private static final Set<AttachType> PACKETS =
      EnumSet.of(CGROUP_INET_INGRESS, CGROUP_INET_EGRESS);
  private static final Set<AttachType> SOCKETS =
      EnumSet.of(
          CGROUP_INET_INGRESS,
          CGROUP_INET_SOCK_CREATE,
          AttachType.CGROUP_INET4_POST_BIND,
          AttachType.CGROUP_INET6_POST_BIND,
          AttachType.CGROUP_INET_SOCK_RELEASE);
  private static final Set<AttachType> ADDRESSES =
      EnumSet.of(
          AttachType.CGROUP_INET4_BIND,
          AttachType.CGROUP_INET6_BIND,
          AttachType.CGROUP_INET4_CONNECT,
          AttachType.CGROUP_INET6_CONNECT,
          AttachType.CGROUP_UNIX_CONNECT,
          AttachType.CGROUP_INET4_GETPEERNAME,
          AttachType.CGROUP_INET6_GETPEERNAME,
          AttachType.CGROUP_UNIX_GETPEERNAME,
          AttachType.CGROUP_INET4_GETSOCKNAME,
          AttachType.CGROUP_INET6_GETSOCKNAME,
          AttachType.CGROUP_UNIX_GETSOCKNAME,
          AttachType.CGROUP_UDP4_SENDMSG,
          AttachType.CGROUP_UDP6_SENDMSG,
          AttachType.CGROUP_UNIX_SENDMSG,
          AttachType.CGROUP_UDP4_RECVMSG,
          AttachType.CGROUP_UDP6_RECVMSG,
          AttachType.CGROUP_UNIX_RECVMSG);
  private static final Set<AttachType> OPTIONS =
      EnumSet.of(AttachType.CGROUP_GETSOCKOPT, AttachType.CGROUP_SETSOCKOPT);
  private static final Set<AttachType> SELECTIONS =
      EnumSet.of(
          CGROUP_INET_INGRESS,
          AttachType.SK_REUSEPORT_SELECT,
          AttachType.SK_REUSEPORT_SELECT_OR_MIGRATE);

  private static final Optional<ReturnRange> ZERO_OR_ONE = Optional.of(new ReturnRange(0, 1));
  private static final Optional<ReturnRange> ONE = Optional.of(new ReturnRange(1, 1));
  private static final Optional<ReturnRange> ZERO_TO_THREE = Optional.of(new ReturnRange(0, 3));

  private final ProgramType type;

  private JudgedKind(ProgramType type) {
    this.type = type;
  }

  /** All of them. A subsystem that runs a type takes its place. */
  public static List<ProgramKind> all() {
    return Stream.of(
            ProgramType.KPROBE,
            ProgramType.TRACEPOINT,
            ProgramType.PERF_EVENT,
            ProgramType.RAW_TRACEPOINT_WRITABLE,
            ProgramType.CGROUP_SKB,
            ProgramType.CGROUP_SOCK,
            ProgramType.CGROUP_SOCK_ADDR,
            ProgramType.CGROUP_DEVICE,
            ProgramType.CGROUP_SYSCTL,
            ProgramType.CGROUP_SOCKOPT,
            ProgramType.LWT_IN,
            ProgramType.LWT_OUT,
            ProgramType.LWT_XMIT,
            ProgramType.LWT_SEG6LOCAL,
            ProgramType.SOCK_OPS,
            ProgramType.SK_SKB,
            ProgramType.SK_MSG,
            ProgramType.SK_REUSEPORT,
            ProgramType.SK_LOOKUP,
            ProgramType.FLOW_DISSECTOR,
            ProgramType.NETFILTER)
        .<ProgramKind>map(JudgedKind::new)
        .toList();
  }

  /** What is judged of a type that another kind runs: contexts, attach types, return values. */
  public static ProgramKind of(ProgramType type) {
    return new JudgedKind(type);
  }

  @Override
  public ProgramType type() {
    return type;
  }

  @Override
  public boolean runs() {
    return false;
  }

  @Override
  public ContextLayout context(ProgramSpec program) {
    AttachType attachType = attachType(program);
    return switch (type) {
      case KPROBE -> TracingLayouts.REGISTERS;
      case TRACEPOINT -> TracingLayouts.TRACEPOINT;
      case PERF_EVENT -> TracingLayouts.PERF_EVENT;
      case RAW_TRACEPOINT_WRITABLE -> TracingLayouts.WRITABLE_RAW_TRACEPOINT;
      case CGROUP_SKB -> PacketLayouts.CGROUP_SKB;
      case CGROUP_SOCK -> SocketLayouts.socket(attachType);
      case CGROUP_SOCK_ADDR -> SocketLayouts.address(attachType);
      case CGROUP_DEVICE -> TracingLayouts.DEVICE;
      case CGROUP_SYSCTL -> TracingLayouts.SYSCTL;
      case CGROUP_SOCKOPT -> SocketLayouts.option(attachType);
      case LWT_IN, LWT_OUT, LWT_XMIT, LWT_SEG6LOCAL -> PacketLayouts.LIGHT_TUNNEL;
      case SOCK_OPS -> SocketLayouts.SOCK_OPS;
      case SK_SKB -> PacketLayouts.SK_SKB;
      case SK_MSG -> SocketLayouts.SK_MSG;
      case SK_REUSEPORT -> SocketLayouts.SK_REUSEPORT;
      case SK_LOOKUP -> SocketLayouts.SK_LOOKUP;
      case FLOW_DISSECTOR -> PacketLayouts.FLOW_DISSECTOR;
      case NETFILTER -> TracingLayouts.NETFILTER;
      default -> throw new IllegalStateException("no context of " + type);
    };
  }

  /** What the program is loaded for; none is the first of the enumeration. */
  private static AttachType attachType(ProgramSpec program) {
    AttachType given = program.expectedAttachType();
    return given == null ? CGROUP_INET_INGRESS : given;
  }

  @Override
  public void check(ProgramSpec program) {
    if (type != ProgramType.KPROBE) {
      Sleepable.refuse(program);
    }
    Set<AttachType> allowed =
        switch (type) {
          case CGROUP_SKB -> PACKETS;
          case CGROUP_SOCK -> SOCKETS;
          case CGROUP_SOCK_ADDR -> ADDRESSES;
          case CGROUP_SOCKOPT -> OPTIONS;
          case SK_REUSEPORT -> SELECTIONS;
          case SK_LOOKUP -> EnumSet.of(AttachType.SK_LOOKUP);
          case NETFILTER -> EnumSet.of(AttachType.NETFILTER);
          default -> EnumSet.allOf(AttachType.class);
        };
    if (!allowed.contains(attachType(program))) {
      throw new BpfException(
          Errno.EINVAL,
          "program %s is of type %s, which is not loaded for %s"
              .formatted(program.name(), type.label(), program.expectedAttachType()));
    }
  }

  @Override
  public Optional<ReturnRange> returnRange(ProgramSpec program) {
    AttachType attachType = attachType(program);
    return switch (type) {
      case CGROUP_SOCK_ADDR ->
          switch (attachType) {
            case CGROUP_UDP4_RECVMSG,
                CGROUP_UDP6_RECVMSG,
                CGROUP_UNIX_RECVMSG,
                CGROUP_INET4_GETPEERNAME,
                CGROUP_INET6_GETPEERNAME,
                CGROUP_UNIX_GETPEERNAME,
                CGROUP_INET4_GETSOCKNAME,
                CGROUP_INET6_GETSOCKNAME,
                CGROUP_UNIX_GETSOCKNAME ->
                ONE;
            case CGROUP_INET4_BIND, CGROUP_INET6_BIND -> ZERO_TO_THREE;
            default -> ZERO_OR_ONE;
          };
      case CGROUP_SKB -> attachType == CGROUP_INET_EGRESS ? ZERO_TO_THREE : ZERO_OR_ONE;
      case CGROUP_SOCK, CGROUP_DEVICE, CGROUP_SYSCTL, CGROUP_SOCKOPT, SOCK_OPS, SK_LOOKUP ->
          ZERO_OR_ONE;
      case NETFILTER -> ZERO_OR_ONE;
      case KPROBE ->
          switch (attachType) {
            case TRACE_KPROBE_SESSION, TRACE_UPROBE_SESSION -> ZERO_OR_ONE;
            default -> Optional.empty();
          };
      default -> Optional.empty();
    };
  }

  @Override
  public TestRun.Result testRun(LoadedProgram program, Machine machine, TestRun run) {
    throw new BpfException(
        Errno.ENOTSUPP,
        "program %s is of type %s, which this kernel verifies and does not run"
            .formatted(program.spec().name(), type.label()));
  }
}
