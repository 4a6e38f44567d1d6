package io.ebpf4j.jvm.helper;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.ProgramType;

/** The Internet checksum (RFC 1071). */
public final class ChecksumHelpers {
  private ChecksumHelpers() {}

  /**
   * What a checksum changes by when bytes {@code from} are replaced by bytes {@code to}, added to
   * {@code seed} and folded to 16 bits, not inverted.
   */
  @Helper(
      id = 28,
      name = "csum_diff",
      arguments = {
        Argument.MEMORY_OR_NULL,
        Argument.SIZE_OR_ZERO,
        Argument.MEMORY_OR_NULL,
        Argument.SIZE_OR_ZERO,
        Argument.ANYTHING
      },
      programTypes = {ProgramType.XDP, ProgramType.SCHED_CLS, ProgramType.SCHED_ACT},
      takesPacket = true)
  public static long csumDiff(Cpu cpu, long from, long fromSize, long to, long toSize, long seed) {
    int start = (int) seed;
    if (fromSize > 0 && toSize > 0) {
      return fold(add(sum(to, toSize, start), ~sum(from, fromSize, 0)));
    }
    if (toSize > 0) {
      return fold(sum(to, toSize, start));
    }
    return fromSize > 0 ? fold(~sum(from, fromSize, ~start)) : fold(start);
  }

  /** The sum in one's complement of little-endian words; 0 only where everything is 0. */
  private static int sum(long address, long bytes, int start) {
    long sum = Integer.toUnsignedLong(start);
    long at = address;
    long left = bytes;
    for (; left >= Long.BYTES; left -= Long.BYTES, at += Long.BYTES) {
      sum = add(sum, Memory.getLong(at));
    }
    long last = 0;
    for (int i = 0; i < left; i++) {
      last |= (Memory.getByte(at + i) & 0xffL) << i * Byte.SIZE;
    }
    sum = add(sum, last);
    return add((int) sum, (int) (sum >>> Integer.SIZE));
  }

  private static long add(long a, long b) {
    long sum = a + b;
    return Long.compareUnsigned(sum, b) < 0 ? sum + 1 : sum;
  }

  private static int add(int a, int b) {
    int sum = a + b;
    return Integer.compareUnsigned(sum, b) < 0 ? sum + 1 : sum;
  }

  private static long fold(int sum) {
    int folded = (sum & 0xffff) + (sum >>> Short.SIZE);
    return (folded & 0xffffL) + (folded >>> Short.SIZE);
  }
}
