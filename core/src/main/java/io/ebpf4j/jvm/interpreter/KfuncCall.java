package io.ebpf4j.jvm.interpreter;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.helper.KfuncArgument;
import io.ebpf4j.jvm.helper.KfuncPrototype;
import java.lang.invoke.MethodHandle;

/** A kernel function that a program calls, ready to be called. */
final class KfuncCall {
  final KfuncPrototype prototype;
  final KfuncArgument[] arguments;
  private final MethodHandle handle;

  KfuncCall(KfuncPrototype prototype) {
    this.prototype = prototype;
    this.arguments = prototype.arguments().toArray(KfuncArgument[]::new);
    this.handle = prototype.handle();
  }

  /** Calls it with R1 to R5; checked arguments only. */
  @SuppressWarnings("CheckReturnValue") // Each call's result is returned.
  long call(Cpu cpu, long[] r) {
    try {
      return switch (arguments.length) {
        case 0 -> (long) handle.invokeExact(cpu);
        case 1 -> (long) handle.invokeExact(cpu, r[1]);
        case 2 -> (long) handle.invokeExact(cpu, r[1], r[2]);
        case 3 -> (long) handle.invokeExact(cpu, r[1], r[2], r[3]);
        case 4 -> (long) handle.invokeExact(cpu, r[1], r[2], r[3], r[4]);
        default -> (long) handle.invokeExact(cpu, r[1], r[2], r[3], r[4], r[5]);
      };
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("kernel function " + prototype.name() + " threw", e);
    }
  }
}
