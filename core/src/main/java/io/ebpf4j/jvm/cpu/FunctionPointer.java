package io.ebpf4j.jvm.cpu;

/**
 * A pointer to a function of a program, as the program sees it: the slot of the function's first
 * instruction above a base among kernel addresses, which no memory of a run has.
 */
public final class FunctionPointer {
  /** The pointer to slot 0. */
  public static final long BASE = 0xffff_ffff_c000_0000L;

  /** Where the kernel's own functions would be: programs only see that there is something. */
  private static final long KERNEL_BASE = 0xffff_ffff_8100_0000L;

  private FunctionPointer() {}

  /** The address of the kernel's function of that BTF id. */
  public static long ofKernel(int id) {
    return KERNEL_BASE + 16L * id;
  }

  /** The pointer to the function at a slot. */
  public static long of(int slot) {
    return BASE + slot;
  }

  /** The slot that a pointer names, or -1 where it is none to a program of that many slots. */
  public static int slot(long pointer, int slots) {
    long slot = pointer - BASE;
    return slot >= 0 && slot < slots ? (int) slot : -1;
  }
}
