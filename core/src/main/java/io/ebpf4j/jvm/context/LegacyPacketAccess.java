package io.ebpf4j.jvm.context;

/**
 * How the legacy packet instructions (BPF_LD with BPF_ABS or BPF_IND, RFC 9669 section 5.6) read
 * the packet of a program kind. Called on the CPU that runs the program; it changes nothing.
 */
@FunctionalInterface
public interface LegacyPacketAccess {
  /** What {@link #load} gives for bytes outside of the packet: the program ends with R0 = 0. */
  long OUTSIDE = -1;

  /**
   * Reads a number in network byte order.
   *
   * @param context address of the run's context
   * @param offset bytes from the start of the packet; below 0 Linux's {@code SKF_} areas
   * @param size 1, 2 or 4
   * @return the number, zero-extended, or {@link #OUTSIDE}
   */
  long load(long context, int offset, int size);
}
