package io.ebpf4j.conformance;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** System calls of the calling thread that programs on Linux's tracepoints are to see. */
@SuppressWarnings("restricted")
final class LinuxCalls {
  /** The number of no system call. */
  static final long UNKNOWN = 1000;

  private static final MethodHandle SYSCALL =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("syscall"),
              FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG),
              Linker.Option.firstVariadicArg(1));

  private LinuxCalls() {}

  /** Makes a call that there is not. */
  static void unknown() {
    try {
      long result = (long) SYSCALL.invokeExact(UNKNOWN);
      if (result != -1) {
        throw new IllegalStateException("there is a system call " + UNKNOWN);
      }
    } catch (RuntimeException | Error failure) {
      throw failure;
    } catch (Throwable impossible) {
      throw new AssertionError("a native call throws no checked exception", impossible);
    }
  }
}
