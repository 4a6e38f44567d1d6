package io.ebpf4j.linux;

import io.ebpf4j.spec.Errno;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/** System calls by libc's syscall(2), with errno read in the same call. */
final class Syscall {
  /** Where a call leaves its errno. */
  static final StructLayout STATE = Linker.Option.captureStateLayout();

  private static final Architecture HOST = Architecture.host();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  @SuppressWarnings("restricted") // bpf(2) has no other way; the flag is documented.
  private static final MethodHandle SYSCALL =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("syscall"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG,
                  ValueLayout.JAVA_LONG),
              Linker.Option.firstVariadicArg(1),
              Linker.Option.captureCallState("errno"));

  private Syscall() {}

  /**
   * Makes a system call.
   *
   * @return its result, or a negative errno
   */
  static long call(SystemCall what, long a, long b, long c, long d, long e, long f) {
    MemorySegment state = Scratch.ofThread().errno();
    try {
      long result = (long) SYSCALL.invokeExact(state, (long) what.number(HOST), a, b, c, d, e, f);
      return result == -1 ? -(int) ERRNO.get(state, 0L) : result;
    } catch (RuntimeException | Error failure) {
      throw failure;
    } catch (Throwable impossible) {
      throw new AssertionError("a native call throws no checked exception", impossible);
    }
  }

  /** The constant for a negative errno; a number that Linux has no name for is EIO's. */
  static Errno errno(long result) {
    return Errno.of((int) -result).orElse(Errno.EIO);
  }
}
