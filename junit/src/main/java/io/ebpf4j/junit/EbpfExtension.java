package io.ebpf4j.junit;

import io.ebpf4j.Kernel;
import io.ebpf4j.object.ObjectFile;
import java.lang.annotation.Annotation;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.BeforeTestExecutionCallback;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;
import org.junit.platform.commons.support.AnnotationSupport;
import org.opentest4j.TestAbortedException;

/** What {@link EbpfTest} and {@link TwinTest} bring to a test: its kernel, its object, its end. */
final class EbpfExtension
    implements TestTemplateInvocationContextProvider,
        BeforeEachCallback,
        BeforeTestExecutionCallback,
        AfterEachCallback,
        InvocationInterceptor,
        ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(EbpfExtension.class);
  private static final String LINUX = "linux";

  @Override
  public boolean supportsTestTemplate(ExtensionContext context) {
    Method test = context.getRequiredTestMethod();
    if (hasOtherTemplate(test)) {
      return false;
    }
    return isTwin(test) || AnnotationSupport.isAnnotated(test, EbpfTest.class);
  }

  @Override
  public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(
      ExtensionContext context) {
    Method test = context.getRequiredTestMethod();
    if (AnnotationSupport.isAnnotated(test, Test.class)) {
      throw new IllegalArgumentException(
          "%s is a test by @EbpfTest or @TwinTest already: remove @Test".formatted(test.getName()));
    }
    TestTemplateInvocationContext jvm = new Half("jvm", List.of());
    TestTemplateInvocationContext linux =
        new Half(LINUX, List.of(new LinuxCondition((at, kernel) -> store(at).put(LINUX, kernel))));
    return isTwin(test) ? Stream.of(jvm, linux) : Stream.of(jvm);
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    Setting setting = Setting.of(context);
    Kernel linux = store(context).get(LINUX, Kernel.class);
    store(context).put(Fixture.class, new Fixture(setting, linux));
  }

  @Override
  public void beforeTestExecution(ExtensionContext context) {
    Method test = context.getRequiredTestMethod();
    if (!Arrays.asList(test.getParameterTypes()).contains(ObjectFile.class)) {
      fixture(context).loadWhereNamed();
    }
  }

  @Override
  public void afterEach(ExtensionContext context) {
    Fixture fixture = store(context).get(Fixture.class, Fixture.class);
    if (fixture != null) {
      fixture.finish();
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return !(parameter.getDeclaringExecutable() instanceof Constructor)
        && Injection.supports(parameter.getParameter().getType());
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return new Injection(fixture(context), parameter.getParameter()).value();
  }

  /**
   * Where another template counts the runs, each of them has both halves: the second begins here,
   * with a kernel and an object of its own.
   */
  @Override
  public void interceptTestTemplateMethod(
      Invocation<@Nullable Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    invocation.proceed();
    Method test = context.getRequiredTestMethod();
    if (!isTwin(test) || !hasOtherTemplate(test)) {
      return;
    }
    Optional<Kernel> linux = BothKernels.linux();
    if (linux.isEmpty()) {
      return;
    }
    Fixture second = new Fixture(Setting.of(context), linux.get());
    Fixture first = fixture(context);
    store(context).put(Fixture.class, second);
    first.finish();
    try {
      if (!Arrays.asList(test.getParameterTypes()).contains(ObjectFile.class)) {
        second.loadWhereNamed();
      }
      context.getExecutableInvoker().invoke(test, context.getRequiredTestInstance());
    } catch (TestAbortedException e) {
      throw e;
    } catch (Throwable e) {
      e.addSuppressed(new AssertionError("this is what happened on Linux"));
      throw e;
    }
  }

  /** Whether it is a parameterized or a repeated test. */
  private static boolean hasOtherTemplate(Method test) {
    return Arrays.stream(test.getAnnotations())
        .map(Annotation::annotationType)
        .filter(type -> type != TwinTest.class && type != EbpfTest.class)
        .anyMatch(type -> type.isAnnotationPresent(TestTemplate.class));
  }

  private static boolean isTwin(Method test) {
    return AnnotationSupport.isAnnotated(test, TwinTest.class);
  }

  private static Fixture fixture(ExtensionContext context) {
    Fixture fixture = store(context).get(Fixture.class, Fixture.class);
    if (fixture == null) {
      throw new ParameterResolutionException(
          "each test has a kernel of its own: take it in the test or in @BeforeEach, not in"
              + " @BeforeAll");
    }
    return fixture;
  }

  private static Store store(ExtensionContext context) {
    return context.getStore(NAMESPACE);
  }

  /** One run of a test, on the kernel that it is named after. */
  private record Half(String kernel, List<Extension> extensions)
      implements TestTemplateInvocationContext {
    @Override
    public String getDisplayName(int invocationIndex) {
      return kernel;
    }

    @Override
    public List<Extension> getAdditionalExtensions() {
      return extensions;
    }
  }
}
