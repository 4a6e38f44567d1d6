package io.ebpf4j.jvm.net;

import static io.ebpf4j.spec.ProgramType.SCHED_ACT;
import static io.ebpf4j.spec.ProgramType.SCHED_CLS;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.Argument;
import io.ebpf4j.jvm.helper.Helper;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;

/** The helpers that mend the Internet checksums of a packet. */
public final class SkBuffChecksumHelpers {
  /** BPF_F_HDR_FIELD_MASK: the size of the changed field. */
  private static final int FIELD_SIZE_MASK = 0xf;

  private static final int PSEUDO_HEADER = 1 << 4;
  private static final int MARK_MANGLED_ZERO = 1 << 5;
  private static final int MARK_ENFORCE = 1 << 6;
  private static final int IPV6 = 1 << 7;
  private static final int L4_FLAGS =
      FIELD_SIZE_MASK | PSEUDO_HEADER | MARK_MANGLED_ZERO | MARK_ENFORCE | IPV6;

  /** What a UDP checksum of 0 is written as. */
  private static final short MANGLED_ZERO = -1;

  private static final int MAX_OFFSET = 0xffff;
  private static final int MAX_LEVEL = 3;

  private SkBuffChecksumHelpers() {}

  /** Mends a checksum of layer 3 for a field of 0 (a difference), 2 or 4 bytes. */
  @Helper(
      id = 10,
      name = "l3_csum_replace",
      arguments = {
        Argument.CONTEXT,
        Argument.ANYTHING,
        Argument.ANYTHING,
        Argument.ANYTHING,
        Argument.ANYTHING
      },
      programTypes = {SCHED_CLS, SCHED_ACT},
      changesPacket = true)
  public static long replaceLayer3(Cpu cpu, long skb, long offset, long from, long to, long flags) {
    if ((flags & ~FIELD_SIZE_MASK) != 0) {
      return -Errno.EINVAL.number();
    }
    if (!isChecksumPlace(skb, (int) offset)) {
      return -Errno.EFAULT.number();
    }
    long place = SkBuff.data(skb) + (int) offset;
    int old = Short.toUnsignedInt(Memory.getShort(place));
    switch ((int) flags) {
      case 0 -> {
        if (from != 0) {
          return -Errno.EINVAL.number();
        }
        put(place, InternetChecksum.replaceByDifference(old, (int) to));
      }
      case Short.BYTES -> put(place, InternetChecksum.replace2(old, (int) from, (int) to));
      case Integer.BYTES -> put(place, InternetChecksum.replace4(old, (int) from, (int) to));
      default -> {
        return -Errno.EINVAL.number();
      }
    }
    return 0;
  }

  /** The same for layer 4, where UDP's 0 may stand for none. */
  @Helper(
      id = 11,
      name = "l4_csum_replace",
      arguments = {
        Argument.CONTEXT,
        Argument.ANYTHING,
        Argument.ANYTHING,
        Argument.ANYTHING,
        Argument.ANYTHING
      },
      programTypes = {SCHED_CLS, SCHED_ACT},
      changesPacket = true)
  public static long replaceLayer4(Cpu cpu, long skb, long offset, long from, long to, long flags) {
    if ((flags & ~L4_FLAGS) != 0) {
      return -Errno.EINVAL.number();
    }
    if (!isChecksumPlace(skb, (int) offset)) {
      return -Errno.EFAULT.number();
    }
    long place = SkBuff.data(skb) + (int) offset;
    int old = Short.toUnsignedInt(Memory.getShort(place));
    boolean zeroIsNone = (flags & MARK_MANGLED_ZERO) != 0;
    if (zeroIsNone && (flags & MARK_ENFORCE) == 0 && old == 0) {
      return 0;
    }
    int changed;
    switch ((int) flags & FIELD_SIZE_MASK) {
      case 0 -> {
        if (from != 0) {
          return -Errno.EINVAL.number();
        }
        changed = InternetChecksum.replaceByDifference(old, (int) to);
      }
      case Short.BYTES ->
          changed = InternetChecksum.replace4(old, (int) from & 0xffff, (int) to & 0xffff);
      case Integer.BYTES -> changed = InternetChecksum.replace4(old, (int) from, (int) to);
      default -> {
        return -Errno.EINVAL.number();
      }
    }
    put(place, zeroIsNone && changed == 0 ? MANGLED_ZERO : changed);
    return 0;
  }

  /** Adds to a whole-packet checksum; packets here have none: ENOTSUPP. */
  @Helper(
      id = 40,
      name = "csum_update",
      arguments = {Argument.CONTEXT, Argument.ANYTHING},
      programTypes = {SCHED_CLS, SCHED_ACT})
  public static long update(Cpu cpu, long skb, long sum) {
    return -Errno.ENOTSUPP.number();
  }

  /** Asks for or changes how many checksums were found good: 0 query, 1 inc, 2 dec, 3 reset. */
  @Helper(
      id = 135,
      name = "csum_level",
      arguments = {Argument.CONTEXT, Argument.ANYTHING},
      programTypes = {SCHED_CLS, SCHED_ACT})
  public static long level(Cpu cpu, long skb, long operation) {
    int level = Memory.getInt(skb + SkBuff.CHECKSUM_LEVEL_OFFSET);
    if (operation == 0) {
      return level == SkBuff.CHECKSUM_NONE ? -Errno.EACCES.number() : level;
    }
    if (operation < 0 || operation > 3) {
      return -Errno.EINVAL.number();
    }
    int changed =
        switch ((int) operation) {
          case 1 -> Math.min(level + 1, MAX_LEVEL);
          case 2 -> Math.max(level - 1, SkBuff.CHECKSUM_NONE);
          default -> SkBuff.CHECKSUM_NONE;
        };
    Memory.putInt(skb + SkBuff.CHECKSUM_LEVEL_OFFSET, changed);
    return 0;
  }

  private static boolean isChecksumPlace(long skb, int offset) {
    return Integer.compareUnsigned(offset, MAX_OFFSET) <= 0
        && offset % Short.BYTES == 0
        && SkBuff.holds(skb, offset, Short.BYTES);
  }

  private static void put(long place, int checksum) {
    Memory.putShort(place, (short) checksum);
  }
}
