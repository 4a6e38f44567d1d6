package io.ebpf4j.jvm.helper;

import io.ebpf4j.spec.ProgramType;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Makes a static method a kernel function that programs call by its BTF type (a kfunc): its
 * declaration in C, what it asks of callers and who may call it, once for the verifier, the
 * interpreter, the compiler, {@code inspect} and the docs. The method is as a {@link Helper}'s: it
 * takes the {@link io.ebpf4j.jvm.cpu.Cpu}, then one {@code long} for each parameter, and gives R0
 * as a {@code long}.
 *
 * <p>As on Linux, the end of a parameter's name says what the type does not: {@code __sz} and
 * {@code __szk} the size of the memory in the parameter before, the latter a constant; {@code __k}
 * a constant; {@code __uninit} memory that the function fills; {@code __opt} memory that may be
 * NULL, whatever the size says; {@code __nullable} a pointer that may be NULL; {@code __str} a
 * constant string; {@code __map} a map; {@code __ign} and {@code __prog} what programs do not give.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Kfunc {
  /** The declaration in C, as {@code int *bpf_iter_num_next(struct bpf_iter_num *it)}. */
  String value();

  /** What it asks and promises. */
  KfuncFlag[] flags() default {};

  /** Program types that may call it; empty: all. */
  ProgramType[] programTypes() default {};
}
