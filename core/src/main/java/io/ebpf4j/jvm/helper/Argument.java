package io.ebpf4j.jvm.helper;

/** Kinds of helper arguments, as the verifier checks them. */
public enum Argument {
  /** Any initialised value. */
  ANYTHING,
  /** Whatever the register holds, even nothing: arguments that a format string calls for. */
  UNCHECKED,
  /** The program's context. */
  CONTEXT,
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
  SEQUENCE_FILE
}
