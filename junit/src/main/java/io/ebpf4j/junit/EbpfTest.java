package io.ebpf4j.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test of an eBPF object, on a kernel of its own in the JVM or, together with {@link TwinTest},
 * on both kernels. On a method it makes the method a test, with no {@code @Test} beside it; on a
 * class it holds for all tests in the class, {@code @Test} and {@code @ParameterizedTest} included,
 * and names the object of those that name none.
 *
 * <p>Test methods and methods that run before and after each test may take, in any order:
 *
 * <ul>
 *   <li>{@link io.ebpf4j.Kernel} or its class;
 *   <li>{@link io.ebpf4j.object.ObjectFile}, to change variables and maps before the object is
 *       loaded, which happens when something of it is asked for or else right before the test; a
 *       test method that takes it loads it itself;
 *   <li>{@link io.ebpf4j.BpfObject};
 *   <li>{@link io.ebpf4j.Program}, {@link io.ebpf4j.BpfMap} and {@link io.ebpf4j.TypedMap}, by the
 *       parameter's name (compile with {@code -parameters}) or by {@link Named}; the keys and
 *       values of a {@code TypedMap} are numbers, {@code byte[]}, or records that are laid out by
 *       the map's BTF, and in a per-CPU map {@code List}s of them;
 *   <li>{@link io.ebpf4j.jvm.cpu.ManualClock}, where {@link FixedClock} is there or the test method
 *       takes it: the kernel's clock, which stands still until the test advances it.
 * </ul>
 *
 * <p>A test must close the maps, programs and links that it opened and remove its pins: one that
 * leaves some fails, with a sentence that lists them. What is injected is closed for it. Without
 * {@link Seed} programs draw the same random numbers in each test.
 */
@Documented
@Inherited
@Target({ElementType.METHOD, ElementType.TYPE, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(EbpfExtension.class)
public @interface EbpfTest {
  /**
   * The object: a class-path resource beside the test class or from the root of the class path, or
   * a file. Empty for the class's, or none.
   */
  String value() default "";
}
