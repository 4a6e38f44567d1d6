package io.ebpf4j.jvm.helper;

import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.ProgramType;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Makes a static method a helper function: its number, name, prototype and who may call it, once
 * for the verifier, the interpreter, the compiler, {@code inspect} and the docs. The method takes
 * the {@link io.ebpf4j.jvm.cpu.Cpu}, then one {@code long} for each argument, and gives R0 as a
 * {@code long}. It allocates nothing and throws nothing; what its argument kinds promise has been
 * checked before it is called.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Helper {
  /** The number in {@code enum bpf_func_id}. */
  int id();

  /** The name without {@code bpf_}. */
  String name();

  /** What R0 is. */
  Returns returns() default Returns.INTEGER;

  /** The arguments in R1 to R5. */
  Argument[] arguments() default {};

  /** Program types that may call it; empty: all. */
  ProgramType[] programTypes() default {};

  /** Expected attach types of programs that may call it; empty: every one. */
  AttachType[] attachTypes() default {};

  /** Whether the program needs a GPL-compatible license. */
  boolean gplOnly() default false;

  /** Whether memory that it is given may lie in the packet. */
  boolean takesPacket() default false;

  /** Whether packet pointers die by the call. */
  boolean changesPacket() default false;

  /** Whether it may sleep. */
  boolean sleeps() default false;

  /** Whether it asks the CPU for the {@link io.ebpf4j.jvm.cpu.Activation} that runs. */
  boolean usesActivation() default false;
}
