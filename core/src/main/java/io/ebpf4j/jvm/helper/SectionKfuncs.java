package io.ebpf4j.jvm.helper;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.memory.Memory;

/**
 * Sections that the verifier watches. Here a program has its CPU for itself until it ends, and what
 * it sees lives as long: there is nothing to do at run time.
 */
public final class SectionKfuncs {
  private SectionKfuncs() {}

  /** What is protected by RCU may be used from here on. */
  @Kfunc("void bpf_rcu_read_lock(void)")
  public static long rcuReadLock(Cpu cpu) {
    return 0;
  }

  /** The end of that. */
  @Kfunc("void bpf_rcu_read_unlock(void)")
  public static long rcuReadUnlock(Cpu cpu) {
    return 0;
  }

  /** The program stays on its CPU from here on. */
  @Kfunc("void bpf_preempt_disable(void)")
  public static long preemptDisable(Cpu cpu) {
    return 0;
  }

  /** The end of that. */
  @Kfunc("void bpf_preempt_enable(void)")
  public static long preemptEnable(Cpu cpu) {
    return 0;
  }

  /** No interrupt comes from here on. */
  @Kfunc("void bpf_local_irq_save(unsigned long *flags__irq_flag)")
  public static long localIrqSave(Cpu cpu, long flags) {
    Memory.putLong(flags, 0);
    return 0;
  }

  /** The end of that. */
  @Kfunc("void bpf_local_irq_restore(unsigned long *flags__irq_flag)")
  public static long localIrqRestore(Cpu cpu, long flags) {
    return 0;
  }
}
