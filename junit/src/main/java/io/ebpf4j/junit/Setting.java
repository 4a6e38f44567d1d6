package io.ebpf4j.junit;

import io.ebpf4j.jvm.cpu.ManualClock;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * What a test's annotations ask for.
 *
 * @param testClass resources are looked for beside it
 * @param object the object's name, empty for none
 * @param twin whether the test runs on both kernels
 * @param cpus possible CPUs of the kernel in the JVM, where they are chosen
 * @param clockNanos what a fixed clock shows at first, where it is
 * @param seed where the random numbers of the kernel in the JVM start
 * @param leaksAllowed whether a test may leave open what it opened
 */
record Setting(
    Class<?> testClass,
    String object,
    boolean twin,
    Optional<Integer> cpus,
    Optional<Long> clockNanos,
    long seed,
    boolean leaksAllowed) {
  private static final long USUAL_SEED = 1;

  /**
   * Reads the annotations of the test's method and of its classes, the nearest first.
   *
   * @throws IllegalArgumentException where they contradict each other
   */
  static Setting of(ExtensionContext context) {
    Method test = context.getRequiredTestMethod();
    boolean twin = AnnotationSupport.isAnnotated(test, TwinTest.class);
    Optional<CpuCount> cpus = nearest(context, CpuCount.class);
    Optional<Seed> seed = nearest(context, Seed.class);
    Optional<Long> clock = nearest(context, FixedClock.class).map(FixedClock::value);
    if (clock.isEmpty() && takesClock(test)) {
      clock = Optional.of(0L);
    }
    if (twin && (cpus.isPresent() || seed.isPresent() || clock.isPresent())) {
      throw new IllegalArgumentException(
          "%s is a twin test, and Linux lets no test choose its CPUs, clock or random numbers: remove %s"
              .formatted(
                  test.getName(),
                  cpus.isPresent()
                      ? "@CpuCount"
                      : seed.isPresent() ? "@Seed" : "@FixedClock and ManualClock"));
    }
    return new Setting(
        context.getRequiredTestClass(),
        objectName(context),
        twin,
        cpus.map(CpuCount::value),
        clock,
        seed.map(Seed::value).orElse(USUAL_SEED),
        nearest(context, LeaksAllowed.class).isPresent());
  }

  private static String objectName(ExtensionContext context) {
    return AnnotationSupport.findAnnotation(context.getRequiredTestMethod(), EbpfTest.class)
        .map(EbpfTest::value)
        .filter(name -> !name.isEmpty())
        .or(() -> onClass(context, EbpfTest.class).map(EbpfTest::value))
        .orElse("");
  }

  private static boolean takesClock(Method test) {
    return Arrays.asList(test.getParameterTypes()).contains(ManualClock.class);
  }

  private static <A extends Annotation> Optional<A> nearest(
      ExtensionContext context, Class<A> type) {
    return AnnotationSupport.findAnnotation(context.getRequiredTestMethod(), type)
        .or(() -> onClass(context, type));
  }

  private static <A extends Annotation> Optional<A> onClass(
      ExtensionContext context, Class<A> type) {
    return AnnotationSupport.findAnnotation(
        context.getRequiredTestClass(), type, context.getEnclosingTestClasses());
  }
}
