package io.ebpf4j.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Gives the test's kernel in the JVM a clock that stands still until the test advances it: take the
 * {@link io.ebpf4j.jvm.cpu.ManualClock} as a parameter. Not for twin tests: Linux's clock runs.
 */
@Documented
@Inherited
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
public @interface FixedClock {
  /** Nanoseconds that the clock shows at first. */
  long value() default 0;
}
