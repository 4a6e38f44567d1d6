package io.ebpf4j.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test that runs once on each kernel: the one in the JVM, with as many CPUs as Linux has, and
 * Linux. It takes a {@link io.ebpf4j.Kernel} and, with {@link EbpfTest} on it or on its class, what
 * that injects. Where bpf(2) is not allowed the Linux half is skipped with a printed reason, unless
 * the environment variable {@code EBPF4J_REQUIRE_LINUX} is 1: then it fails.
 *
 * <p>On a {@code @ParameterizedTest} or {@code @RepeatedTest} each of its runs has both halves, one
 * after the other in one test instance: such a test takes its kernel as its own parameter, behind
 * the arguments, and not in {@code @BeforeEach}.
 */
@Documented
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(EbpfExtension.class)
public @interface TwinTest {}
