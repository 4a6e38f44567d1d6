package io.ebpf4j.jvm.map;

import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.Kfunc;
import io.ebpf4j.jvm.helper.KfuncFlag;
import io.ebpf4j.spec.Errno;

/**
 * The kernel functions by which programs use work queues in their map values: a function of the
 * program runs once, soon, on a thread of the kernel's. It is a timer that is due at once.
 */
public final class WorkQueueKfuncs {
  private WorkQueueKfuncs() {}

  /** Declares its struct. */
  public static void declareTypes(BtfBuilder types) {
    int u64 = types.typedef("__u64", types.unsigned("long long unsigned int", 8));
    types.struct("bpf_wq", queue -> queue.member("__opaque", types.array(u64, 2)));
  }

  /** Makes a work queue; EINVAL with flags, EBUSY where it is one already. */
  @Kfunc("int bpf_wq_init(struct bpf_wq *wq, void *p__map, unsigned int flags)")
  public static long init(Cpu cpu, long queue, long map, long flags) {
    JvmMap owner = MapTable.get(cpu, map);
    int offset = owner.specialFields().workQueueOffset();
    long value = queue - offset;
    if ((int) flags != 0 || offset < 0 || !owner.holdsValue(value)) {
      return Integer.toUnsignedLong(-Errno.EINVAL.number());
    }
    return answer(timers(cpu).init(queue, owner, value, Timer.Base.MONOTONIC));
  }

  /** Says which function is to run; EINVAL with flags, or where there is no work queue yet. */
  @Kfunc(
      value =
          "int bpf_wq_set_callback_impl(struct bpf_wq *wq, callback *callback_fn,"
              + " unsigned int flags, void *aux__prog)",
      flags = KfuncFlag.CALLS_BACK_LATER)
  public static long setCallback(Cpu cpu, long queue, long function, long flags, long program) {
    return (int) flags != 0
        ? Integer.toUnsignedLong(-Errno.EINVAL.number())
        : answer(timers(cpu).setCallback(cpu, queue, function));
  }

  /** Has the function run; EINVAL with flags, or where there is none. */
  @Kfunc("int bpf_wq_start(struct bpf_wq *wq, unsigned int flags)")
  public static long start(Cpu cpu, long queue, long flags) {
    return (int) flags != 0
        ? Integer.toUnsignedLong(-Errno.EINVAL.number())
        : answer(timers(cpu).start(cpu, queue, 0, false));
  }

  private static long answer(long result) {
    return Integer.toUnsignedLong((int) result);
  }

  private static Timers timers(Cpu cpu) {
    return cpu.machine().slots().get(MapTable.SLOT).timers();
  }
}
