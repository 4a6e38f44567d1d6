package io.ebpf4j.jvm.verifier;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.HelperPrototype;
import io.ebpf4j.jvm.verifier.Register.Kind;

/** Which registers an argument of a helper may be: the kinds of pointers, and their BTF types. */
final class ArgumentTypes {
  private static final String MEMORY =
      "fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_";
  private static final String SOCKETS = "sock_common, sock, tcp_sock, xdp_sock";
  private static final String OBJECTS = "ptr_, trusted_ptr_, rcu_ptr_";

  private final Verification verification;

  ArgumentTypes(Verification verification) {
    this.verification = verification;
  }

  /** Checks the kind of a register, which is not NULL where that will do. */
  void check(int number, Register register, Argument kind, HelperPrototype helper) {
    int ignored =
        Register.PACKET_SLICE
            | Register.SLICE
            | (kind.isWritten() ? 0 : Register.READ_ONLY)
            | (kind.isNullable() ? Register.MAYBE_NULL : 0);
    int flags = register.flags & ~ignored;
    String expected = expected(register, kind, flags);
    if (!expected.isEmpty()) {
      throw Rejection.access(
          "R%d type=%s expected=%s", number, StatePrinter.kind(register), expected);
    }
    if (register.kind != Kind.BTF) {
      return;
    }
    if (isMemory(kind)) {
      if (kind.isWritten()) {
        throw Rejection.access(
            "bpf_%s() may write into memory pointed by R%d type=%s",
            helper.name(), number, StatePrinter.kind(register));
      }
      return;
    }
    if (register.mayBeNull() && !kind.isNullable()) {
      throw Rejection.access("Possibly NULL pointer passed to helper arg%d", number);
    }
    checkStruct(number, register, kind);
  }

  /** What was expected, or empty where the register is that. */
  private static String expected(Register register, Argument kind, int flags) {
    Kind is = register.kind;
    boolean plain = flags == 0;
    return switch (kind) {
      case MAP -> plain && is == Kind.MAP ? "" : "map_ptr";
      case CONTEXT, CONTEXT_OR_NULL -> plain && is == Kind.CONTEXT ? "" : "ctx, trusted_ptr_";
      case SIZE, SIZE_OR_ZERO, ALLOCATION_SIZE -> register.isScalar() ? "" : "scalar";
      case FUNCTION -> is == Kind.FUNCTION ? "" : "func";
      case STACK_OR_NULL -> is == Kind.STACK ? "" : "fp";
      case DYNPTR, NEW_LOCAL_DYNPTR, NEW_RINGBUF_DYNPTR, RELEASED_RINGBUF_DYNPTR ->
          is == Kind.STACK || is == Kind.DYNPTR ? "" : "fp, dynptr_ptr";
      case CONSTANT_STRING, TIMER -> plain && is == Kind.MAP_VALUE ? "" : "map_value";
      case SPIN_LOCK -> plain && is == Kind.MAP_VALUE ? "" : "map_value, ptr_";
      case SOCK_COMMON -> plain && register.isSocketPointer() ? "" : SOCKETS;
      case SOCKET_OR_NULL -> plain && is == Kind.SOCKET ? "" : "sock";
      case ANY_SOCK, ANY_SOCK_OR_NULL, RELEASED_SOCK ->
          (plain && (register.isSocketPointer() || is == Kind.BTF))
                  || (flags == Register.TRUSTED && is == Kind.BTF)
              ? ""
              : SOCKETS + ", ptr_, trusted_ptr_";
      case PER_CPU_OBJECT ->
          is == Kind.BTF && (flags & ~(Register.RCU | Register.TRUSTED)) == Register.PER_CPU
              ? ""
              : "percpu_ptr_, percpu_rcu_ptr_, percpu_trusted_ptr_";
      case RELEASED_RECORD -> is == Kind.MEMORY && flags == Register.RECORD ? "" : "ringbuf_mem";
      case SEQUENCE_FILE,
          TASK,
          TASK_OR_NULL,
          INODE,
          INODE_OR_NULL,
          CGROUP_OR_NULL,
          FILE,
          PATH,
          BINARY,
          SK_BUFF,
          XDP_BUFF ->
          is == Kind.BTF && (plain || flags == Register.TRUSTED || flags == Register.RCU)
              ? ""
              : OBJECTS;
      case ANYTHING, UNCHECKED -> "";
      default -> isMemory(register, flags) ? "" : MEMORY;
    };
  }

  private static boolean isMemory(Register register, int flags) {
    return switch (register.kind) {
      case STACK, PACKET, PACKET_META, MAP_KEY, MAP_VALUE, BUFFER -> flags == 0;
      case MEMORY -> flags == 0 || flags == Register.RECORD;
      case BTF -> flags == Register.TRUSTED;
      default -> false;
    };
  }

  private static boolean isMemory(Argument kind) {
    return switch (kind) {
      case MAP_KEY,
          MAP_VALUE,
          MAP_VALUE_OR_NULL,
          UNINITIALIZED_MAP_VALUE,
          MEMORY,
          MEMORY_OR_NULL,
          UNINITIALIZED_MEMORY,
          UNINITIALIZED_MEMORY_OR_NULL,
          WRITABLE_MEMORY,
          LONG_POINTER,
          INT_POINTER,
          UPDATED_INT,
          READ_LONG,
          IPV4_HEADER,
          IPV6_HEADER,
          TCP_HEADER ->
          true;
      default -> false;
    };
  }

  /** Checks that a pointer leads to the structure that is meant, or to one that begins with it. */
  private void checkStruct(int number, Register register, Argument kind) {
    Btf btf = register.btf;
    if (kind.struct().isEmpty() || btf == null) {
      return;
    }
    if (!new KernelObjects(verification)
        .leadsTo(btf, register.btfId, register.offset, kind.struct())) {
      throw Rejection.access(
          "R%d is of type %s but %s is expected", number, btf.name(register.btfId), kind.struct());
    }
  }

  /** Checks the offset that has been added to a pointer. */
  void checkOffset(int number, Register register, Argument kind) {
    if (kind.isReleased()) {
      if (register.offset != 0) {
        throw Rejection.invalid(
            "R%d must have zero offset when passed to release func or trusted arg to kfunc",
            number);
      }
      MemoryAccess.unmodified(register, number, false);
      return;
    }
    checkOffset(number, register);
  }

  /** Checks the offset of a pointer that is not given back. */
  static void checkOffset(int number, Register register) {
    switch (register.kind) {
      case STACK, PACKET, PACKET_META, MAP_KEY, MAP_VALUE, BUFFER, SCALAR -> {}
      case MEMORY -> {
        if (register.is(Register.SLICE)) {
          MemoryAccess.unmodified(register, number, false);
        }
      }
      case BTF -> MemoryAccess.unmodified(register, number, true);
      default -> MemoryAccess.unmodified(register, number, false);
    }
  }
}
