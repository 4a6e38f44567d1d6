package io.ebpf4j.jvm.verifier;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfKind;
import io.ebpf4j.jvm.verifier.HelperStep.Call;
import io.ebpf4j.jvm.verifier.Register.Kind;
import io.ebpf4j.jvm.verifier.State.Reference;
import io.ebpf4j.spec.MapType;
import java.util.OptionalInt;

/** The objects that helpers give, and the references that come with them. */
final class Results {
  private static final int MAP_LOOKUP = 1;
  private static final int SK_LOOKUP_TCP = 84;
  private static final int SK_LOOKUP_UDP = 85;
  private static final int SK_FULLSOCK = 95;
  private static final int TCP_SOCK = 96;
  private static final int SKC_LOOKUP_TCP = 99;
  private static final int RINGBUF_RESERVE = 131;
  private static final int SKC_TO_TCP6_SOCK = 136;
  private static final int SKC_TO_TCP_SOCK = 137;
  private static final int SKC_TO_TCP_TIMEWAIT_SOCK = 138;
  private static final int SKC_TO_TCP_REQUEST_SOCK = 139;
  private static final int SKC_TO_UDP6_SOCK = 140;
  private static final int SOCK_FROM_FILE = 162;
  private static final int SKC_TO_UNIX_SOCK = 178;
  private static final int SKC_TO_MPTCP_SOCK = 196;

  private final Verification verification;

  Results(Verification verification) {
    this.verification = verification;
  }

  /** Sets R0 to the object that a helper gives. */
  void object(Call call, Register result) {
    switch (call.helper.returns()) {
      case SOCKET_OR_NULL -> result.setPointer(Kind.SOCKET, Register.MAYBE_NULL);
      case TCP_SOCK_OR_NULL -> result.setPointer(Kind.TCP_SOCK, Register.MAYBE_NULL);
      case SOCK_COMMON_OR_NULL -> result.setPointer(Kind.SOCK_COMMON, Register.MAYBE_NULL);
      case TYPED_SOCK_OR_NULL -> typed(result, socket(call.helper.id()), Register.MAYBE_NULL);
      case TASK -> typed(result, "task_struct", Register.TRUSTED);
      case REGISTERS -> typed(result, "pt_regs", Register.TRUSTED);
      case RECORD_OR_NULL -> {
        result.setPointer(Kind.MEMORY, Register.MAYBE_NULL | Register.RECORD);
        result.extent = call.memorySize;
      }
      case PER_CPU_OBJECT_OR_NULL -> perCpu(call, result, Register.MAYBE_NULL);
      case PER_CPU_OBJECT -> perCpu(call, result, 0);
      case DYNPTR_MEMORY_OR_NULL -> {
        result.setPointer(Kind.MEMORY, Register.MAYBE_NULL);
        result.extent = call.memorySize;
        if (call.dynptr != null) {
          result.dynptr = call.dynptr.id;
          result.reference = call.dynptr.reference;
        }
      }
      case INTEGER, VOID, MAP_VALUE, MAP_VALUE_OR_NULL ->
          throw new IllegalStateException(call.helper.name() + " gives no object");
    }
    if (result.mayBeNull()) {
      result.id = verification.nextId();
    }
  }

  private void typed(Register result, String struct, int flags) {
    Btf btf = verification.subject.kernelTypes();
    OptionalInt type = btf.find(struct, BtfKind.STRUCT);
    result.setPointer(Kind.BTF, flags);
    result.btf = btf;
    // A kernel that does not know the structure gives a pointer to nothing that can be read.
    result.btfId = type.orElse(0);
  }

  private static String socket(int helper) {
    return switch (helper) {
      case SKC_TO_TCP6_SOCK -> "tcp6_sock";
      case SKC_TO_TCP_SOCK -> "tcp_sock";
      case SKC_TO_TCP_TIMEWAIT_SOCK -> "tcp_timewait_sock";
      case SKC_TO_TCP_REQUEST_SOCK -> "tcp_request_sock";
      case SKC_TO_UDP6_SOCK -> "udp6_sock";
      case SOCK_FROM_FILE -> "socket";
      case SKC_TO_UNIX_SOCK -> "unix_sock";
      case SKC_TO_MPTCP_SOCK -> "mptcp_sock";
      default -> throw new IllegalArgumentException("helper " + helper + " gives no typed socket");
    };
  }

  /** A variable of one CPU: its structure, or memory of its size where it is none. */
  private static void perCpu(Call call, Register result, int flags) {
    Btf btf = call.object.btf;
    if (btf == null) {
      throw Rejection.access("Helper has invalid btf_id in R1");
    }
    int type = btf.strip(call.object.btfId);
    if (btf.type(type).kind() == BtfKind.STRUCT) {
      result.setPointer(Kind.BTF, flags);
      result.btf = btf;
      result.btfId = type;
      return;
    }
    result.setPointer(Kind.MEMORY, flags | Register.READ_ONLY);
    result.extent = btf.sizeOf(type);
  }

  /** A cast pointer shares the reference; an acquired object brings a new one. */
  void references(Call call, Register result) {
    switch (call.helper.id()) {
      case SK_FULLSOCK,
          TCP_SOCK,
          SKC_TO_TCP6_SOCK,
          SKC_TO_TCP_SOCK,
          SKC_TO_TCP_TIMEWAIT_SOCK,
          SKC_TO_TCP_REQUEST_SOCK,
          SKC_TO_UDP6_SOCK,
          SKC_TO_MPTCP_SOCK ->
          result.reference = call.reference;
      case SK_LOOKUP_TCP, SK_LOOKUP_UDP, SKC_LOOKUP_TCP, RINGBUF_RESERVE -> acquire(result);
      case MAP_LOOKUP -> {
        MapType type = call.map().spec().type();
        if (type == MapType.SOCKMAP || type == MapType.SOCKHASH) {
          acquire(result);
        }
      }
      default -> {}
    }
  }

  private void acquire(Register result) {
    int id = verification.nextId();
    verification.state.acquire(new Reference(Reference.OBJECT, id, verification.slot));
    result.id = id;
    result.reference = id;
  }
}
