package io.ebpf4j.conformance;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;

/**
 * A test that takes a {@link io.ebpf4j.Kernel} and runs once on each: the one in the JVM and Linux.
 * Where bpf(2) is not allowed the Linux run is skipped with a printed reason, unless the
 * environment variable {@code EBPF4J_REQUIRE_LINUX} is 1: then it fails.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest(name = "{0}")
@ArgumentsSource(BothKernels.class)
@interface TwinTest {}
