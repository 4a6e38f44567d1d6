package io.ebpf4j.jvm.compiler;

import io.ebpf4j.jvm.cpu.Cpu;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A verified program as bytecode. An abstract class, since calls through an interface cost more
 * where several programs are loaded. Raw memory is touched unchecked: the verifier has proven that
 * it is the program's.
 */
public abstract class CompiledProgram {
  /** What the main function's method takes and gives, as {@link #run}. */
  static final MethodType MAIN_TYPE =
      MethodType.methodType(long.class, long.class, long.class, Cpu.class);

  private CompiledRun.@Nullable Holder holder;
  private @Nullable MethodHandle main;

  /** For generated classes. */
  protected CompiledProgram() {}

  /** Says which loaded program it is, once. */
  public final void heldBy(CompiledRun.Holder loaded) {
    holder = loaded;
  }

  /** Notes the main function's own method. */
  final void enteredBy(MethodHandle method) {
    main = method;
  }

  /** The main function's own method: a call less deep than {@link #run} is. */
  final MethodHandle main() {
    return Objects.requireNonNull(main);
  }

  /** The loaded program that it is. */
  final CompiledRun.Holder holder() {
    CompiledRun.Holder loaded = holder;
    if (loaded == null) {
      throw new IllegalStateException("the program is not loaded");
    }
    return loaded;
  }

  /**
   * Runs the program from its first instruction.
   *
   * @param context what R1 is
   * @param frame what R10 is: the end of the stack that is free
   * @return R0
   */
  public abstract long run(long context, long frame, Cpu cpu);

  /**
   * Runs the program several times over the same context. Each class has a loop of its own, into
   * which its program is inlined.
   *
   * @param times at least 1
   * @return R0 of the last run
   */
  public abstract long repeat(long context, long frame, Cpu cpu, int times);

  /**
   * Calls a function of the program.
   *
   * @param slot its first instruction
   * @param frame what R10 is for the function
   * @return R0
   */
  public abstract long call(
      int slot, long r1, long r2, long r3, long r4, long r5, long frame, Cpu cpu);
}
