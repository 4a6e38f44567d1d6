package io.ebpf4j.jvm.helper;

import io.ebpf4j.jvm.cpu.Activation;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.spec.Errno;

/** Helpers that change what runs next. */
public final class ControlHelpers {
  /** Iterations of one bpf_loop: Linux's BPF_MAX_LOOPS. */
  public static final int MAX_LOOPS = 8 * 1024 * 1024;

  private ControlHelpers() {}

  /** Calls a function with 0, 1, … until it gives something but 0; how often it was called. */
  @Helper(
      id = 181,
      name = "loop",
      arguments = {Argument.ANYTHING, Argument.FUNCTION, Argument.STACK_OR_NULL, Argument.ANYTHING})
  public static long loop(Cpu cpu, long iterations, long function, long context, long flags) {
    if (flags != 0) {
      return -Errno.EINVAL.number();
    }
    if (Long.compareUnsigned(iterations, MAX_LOOPS) > 0) {
      // Linux inlines the loop, with a 32-bit move here: the upper half is zero.
      return Integer.toUnsignedLong(-Errno.E2BIG.number());
    }
    Activation running = cpu.activation();
    for (long i = 0; i < iterations; i++) {
      if (running.call(cpu, function, i, context, 0, 0, 0) != 0) {
        return i + 1;
      }
    }
    return iterations;
  }

  /** Goes on with another program; comes back, with nothing done, where there is none. */
  @Helper(
      id = 12,
      name = "tail_call",
      returns = Returns.VOID,
      arguments = {Argument.CONTEXT, Argument.MAP, Argument.ANYTHING})
  public static long tailCall(Cpu cpu, long context, long map, long index) {
    return cpu.activation().tailCall(context, map, index);
  }
}
