package io.ebpf4j.jvm.compiler;

/**
 * What has been proven of a program and the compiler builds on. Slots are those of the program's
 * instructions.
 */
public interface Facts {
  /** Whether any run reaches the slot. */
  boolean reached(int slot);

  /** Whether the load or store at the slot goes through the pointer to the context. */
  boolean accessesContext(int slot);

  /**
   * The key of the lookup at the slot, where it is always the same; or -1. It is an unsigned 32-bit
   * number.
   */
  long constantKey(int slot);

  /**
   * Bytes of stack that a function uses, a multiple of 8. What a chain of calls uses together is at
   * most 512 bytes, 256 up to a tail call; or 512 for each function where the program type's
   * functions have stacks of their own.
   *
   * @param function its number among the program's functions in the order of their slots
   */
  int stackBytes(int function);
}
