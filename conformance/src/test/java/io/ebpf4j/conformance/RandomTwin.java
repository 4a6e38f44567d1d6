package io.ebpf4j.conformance;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.GenerationMode;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AddLifecycleHook;

/**
 * A property that is tried on random cases for a share of the time that all random twins have
 * together: 60 seconds, or as many as the system property {@code ebpf4j.random.seconds} says.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@Property(
    tries = Integer.MAX_VALUE,
    edgeCases = EdgeCasesMode.NONE,
    generation = GenerationMode.RANDOMIZED)
@AddLifecycleHook(RandomTime.class)
@interface RandomTwin {
  /** Percent of the time; all of them are 100 together. */
  int share();
}
