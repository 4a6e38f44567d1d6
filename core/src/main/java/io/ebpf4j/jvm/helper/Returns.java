package io.ebpf4j.jvm.helper;

/** What a helper leaves in R0. */
public enum Returns {
  /** A number. */
  INTEGER,
  /** Nothing that may be read. */
  VOID,
  /** A pointer to the map's value, or NULL. For a map of maps: the inner map. */
  MAP_VALUE_OR_NULL,
  /** A pointer to a map's value. */
  MAP_VALUE,
  /** A full socket, or NULL. */
  SOCKET_OR_NULL,
  /** A TCP socket, or NULL. */
  TCP_SOCK_OR_NULL,
  /** A socket of any kind, or NULL. */
  SOCK_COMMON_OR_NULL,
  /** A socket by its BTF type, or NULL; which one the helper's name says. */
  TYPED_SOCK_OR_NULL,
  /** The running task. */
  TASK,
  /** The registers with which a task entered the kernel. */
  REGISTERS,
  /** Memory of the size that an argument names, or NULL: a reserved record. */
  RECORD_OR_NULL,
  /** What a per-CPU variable is on one CPU, or NULL. */
  PER_CPU_OBJECT_OR_NULL,
  /** What a per-CPU variable is on this CPU. */
  PER_CPU_OBJECT,
  /** A pointer to memory of a dynptr, or NULL, of the size that an argument says. */
  DYNPTR_MEMORY_OR_NULL
}
