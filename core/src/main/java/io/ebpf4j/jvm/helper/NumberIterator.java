package io.ebpf4j.jvm.helper;

import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;

/**
 * The iterator over numbers, which {@code bpf_for} and {@code bpf_repeat} use. Its eight bytes on
 * the program's stack are the current number and the end.
 */
public final class NumberIterator {
  private static final int END_OFFSET = 4;

  private NumberIterator() {}

  /** Declares its struct. */
  public static void declareTypes(BtfBuilder types) {
    int u64 = types.unsigned("long long unsigned int", 8);
    types.struct("bpf_iter_num", it -> it.member("__opaque", types.array(u64, 1)));
  }

  /**
   * Begins at {@code start} and goes to before {@code end}; EINVAL where start is above end, E2BIG
   * for more than {@link ControlHelpers#MAX_LOOPS} numbers: then there is none.
   */
  @Kfunc(
      value = "int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end)",
      flags = {KfuncFlag.ITERATOR_NEW, KfuncFlag.UNDER_LOCK})
  public static long iterNumNew(Cpu cpu, long iterator, long start, long end) {
    int first = (int) start;
    int last = (int) end;
    Errno refusal = null;
    if (first > last) {
      refusal = Errno.EINVAL;
    } else if ((long) last - first > ControlHelpers.MAX_LOOPS) {
      refusal = Errno.E2BIG;
    }
    // In front of the least int is the greatest, which the next step leads back from.
    Memory.putInt(iterator, refusal == null ? first - 1 : 0);
    Memory.putInt(iterator + END_OFFSET, refusal == null ? last : 0);
    return refusal == null ? 0 : Integer.toUnsignedLong(-refusal.number());
  }

  /** The address of the next number, or 0 at the end. */
  @Kfunc(
      value = "int *bpf_iter_num_next(struct bpf_iter_num *it)",
      flags = {KfuncFlag.ITERATOR_NEXT, KfuncFlag.RETURNS_NULL, KfuncFlag.UNDER_LOCK})
  public static long iterNumNext(Cpu cpu, long iterator) {
    int current = Memory.getInt(iterator);
    int end = Memory.getInt(iterator + END_OFFSET);
    if (current + 1 >= end) {
      Memory.putInt(iterator, 0);
      Memory.putInt(iterator + END_OFFSET, 0);
      return 0;
    }
    Memory.putInt(iterator, current + 1);
    return iterator;
  }

  /** Ends the iteration. */
  @Kfunc(
      value = "void bpf_iter_num_destroy(struct bpf_iter_num *it)",
      flags = {KfuncFlag.ITERATOR_DESTROY, KfuncFlag.UNDER_LOCK})
  public static long iterNumDestroy(Cpu cpu, long iterator) {
    Memory.putInt(iterator, 0);
    Memory.putInt(iterator + END_OFFSET, 0);
    return 0;
  }
}
