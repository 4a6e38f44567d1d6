package io.ebpf4j.jvm.helper;

/** Kinds of helper arguments, as the verifier checks them. */
public enum Argument {
  /** Any initialised value. */
  ANYTHING,
  /** Whatever the register holds, even nothing: arguments that a format string calls for. */
  UNCHECKED,
  /** The program's context. */
  CONTEXT,
  /** The same or NULL. */
  CONTEXT_OR_NULL,
  /** A map, constant or looked up in a map of maps. */
  MAP,
  /** Readable memory of the map's key size. */
  MAP_KEY,
  /** Readable memory of the map's value size. */
  MAP_VALUE,
  /** Writable memory of the map's value size. */
  UNINITIALIZED_MAP_VALUE,
  /** Readable memory, its size in the next argument. */
  MEMORY,
  /** The same or NULL, where the size may be 0. */
  MEMORY_OR_NULL,
  /** Writable memory, its size in the next argument. */
  UNINITIALIZED_MEMORY,
  /** The same or NULL, where the size may be 0. */
  UNINITIALIZED_MEMORY_OR_NULL,
  /** Size of the memory in the argument before, above 0. */
  SIZE,
  /** Size of the memory in the argument before, 0 allowed. */
  SIZE_OR_ZERO,
  /** Eight writable bytes. */
  LONG_POINTER,
  /** Four writable bytes. */
  INT_POINTER,
  /** A zero-terminated string in a read-only map. */
  CONSTANT_STRING,
  /** A function of the program. */
  FUNCTION,
  /** Memory of the program's stack, or NULL. */
  STACK_OR_NULL,
  /** The bpf_spin_lock in a map's value. */
  SPIN_LOCK,
  /** The bpf_timer in a map's value. */
  TIMER,
  /** The seq_file that the running iterator writes into. */
  SEQUENCE_FILE("seq_file"),
  /** Initialised memory that the helper may write too, its size in the next argument. */
  WRITABLE_MEMORY,
  /** Four bytes that are read and written. */
  UPDATED_INT,
  /** Eight bytes that are read. */
  READ_LONG,
  /** A {@code struct iphdr} without options. */
  IPV4_HEADER,
  /** A {@code struct ipv6hdr}. */
  IPV6_HEADER,
  /** A {@code struct tcphdr} without options. */
  TCP_HEADER,
  /** Readable memory of the map's value size, or NULL. */
  MAP_VALUE_OR_NULL,
  /** A socket of any kind that programs know by its fields. */
  SOCK_COMMON,
  /** A full socket, or NULL. */
  SOCKET_OR_NULL,
  /** A socket of any kind, also one that is known by its BTF type. */
  ANY_SOCK("sock_common"),
  /** The same or NULL. */
  ANY_SOCK_OR_NULL("sock_common"),
  /** A socket that the program has acquired and gives back. */
  RELEASED_SOCK("sock_common"),
  /** A task, known by its BTF type. */
  TASK("task_struct"),
  /** The same or NULL. */
  TASK_OR_NULL("task_struct"),
  /** An inode. */
  INODE("inode"),
  /** The same or NULL. */
  INODE_OR_NULL("inode"),
  /** A control group, or NULL. */
  CGROUP_OR_NULL("cgroup"),
  /** An open file. */
  FILE("file"),
  /** A {@code struct path}. */
  PATH("path"),
  /** What is being executed. */
  BINARY("linux_binprm"),
  /** The kernel's own packet, of a traced function. */
  SK_BUFF("sk_buff"),
  /** The kernel's own XDP frame, of a traced function. */
  XDP_BUFF("xdp_buff"),
  /** A variable of the kernel that every CPU has. */
  PER_CPU_OBJECT,
  /** A record of a ring buffer that the program has reserved and gives back. */
  RELEASED_RECORD,
  /** The constant size of what the helper reserves. */
  ALLOCATION_SIZE,
  /** A {@link Dynptr} that has been made. */
  DYNPTR,
  /** Where a {@link Dynptr} over memory is made. */
  NEW_LOCAL_DYNPTR,
  /** Where a {@link Dynptr} over a record of a ring buffer is made. */
  NEW_RINGBUF_DYNPTR,
  /** A {@link Dynptr} over a record, which ends by the call. */
  RELEASED_RINGBUF_DYNPTR;

  private final String struct;

  Argument() {
    this("");
  }

  Argument(String struct) {
    this.struct = struct;
  }

  /** The structure of the kernel that it points to, or empty where none is meant. */
  public String struct() {
    return struct;
  }

  /** Whether NULL will do. */
  public boolean isNullable() {
    return switch (this) {
      case MEMORY_OR_NULL,
          UNINITIALIZED_MEMORY_OR_NULL,
          STACK_OR_NULL,
          MAP_VALUE_OR_NULL,
          CONTEXT_OR_NULL,
          SOCKET_OR_NULL,
          ANY_SOCK_OR_NULL,
          TASK_OR_NULL,
          INODE_OR_NULL,
          CGROUP_OR_NULL ->
          true;
      default -> false;
    };
  }

  /** Whether the call gives back what the program had acquired. */
  public boolean isReleased() {
    return this == RELEASED_SOCK || this == RELEASED_RECORD;
  }

  /** Whether the helper writes into the memory that it is given. */
  public boolean isWritten() {
    return switch (this) {
      case UNINITIALIZED_MEMORY,
          UNINITIALIZED_MEMORY_OR_NULL,
          UNINITIALIZED_MAP_VALUE,
          WRITABLE_MEMORY,
          UPDATED_INT,
          LONG_POINTER,
          INT_POINTER ->
          true;
      default -> false;
    };
  }
}
