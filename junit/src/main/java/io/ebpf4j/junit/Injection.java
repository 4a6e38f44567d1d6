package io.ebpf4j.junit;

import io.ebpf4j.BpfMap;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TypedMap;
import io.ebpf4j.jvm.cpu.ManualClock;
import io.ebpf4j.object.ObjectFile;
import java.lang.reflect.Parameter;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.extension.ParameterResolutionException;

/** What a parameter of a test is to get. */
final class Injection {
  private static final Set<Class<?>> TYPES =
      Set.of(
          ObjectFile.class,
          BpfObject.class,
          Program.class,
          BpfMap.class,
          TypedMap.class,
          ManualClock.class);

  private final Fixture fixture;
  private final Parameter parameter;

  Injection(Fixture fixture, Parameter parameter) {
    this.fixture = fixture;
    this.parameter = parameter;
  }

  /** Whether a parameter of that type is for us. */
  static boolean supports(Class<?> type) {
    return TYPES.contains(type) || Kernel.class.isAssignableFrom(type);
  }

  /**
   * The value.
   *
   * @throws ParameterResolutionException where there is none, with what there is
   */
  Object value() {
    Class<?> type = parameter.getType();
    if (Kernel.class.isAssignableFrom(type)) {
      return kernel(type);
    }
    try {
      if (type == ObjectFile.class) {
        return fixture.file();
      }
      if (type == ManualClock.class) {
        return clock();
      }
      if (type == BpfObject.class) {
        return fixture.object();
      }
      return type == Program.class ? program() : mapOrView(type);
    } catch (IllegalArgumentException e) {
      throw new ParameterResolutionException(String.valueOf(e.getMessage()), e);
    }
  }

  private Object kernel(Class<?> type) {
    if (!type.isInstance(fixture.kernel())) {
      throw new ParameterResolutionException(
          "this run's kernel is %s, no %s: take a Kernel"
              .formatted(fixture.kernel().name(), type.getSimpleName()));
    }
    return fixture.kernel();
  }

  private ManualClock clock() {
    return fixture
        .clock()
        .orElseThrow(() ->
            new ParameterResolutionException(
                "the kernel's clock runs: write @FixedClock on the test or on its class"));
  }

  private Program program() {
    return named(fixture.object(), "program", fixture.object().programs());
  }

  private Object mapOrView(Class<?> type) {
    BpfMap map = named(fixture.object(), "map", fixture.object().maps());
    return type == BpfMap.class
        ? map
        : TypedView.of(map, parameter.getParameterizedType(), fixture.kernel().possibleCpus());
  }

  private <T> T named(BpfObject object, String kind, Map<String, T> things) {
    String name = name(kind);
    T thing = things.get(name);
    if (thing == null) {
      throw new ParameterResolutionException(
          "%s has no %s '%s': name the parameter, or its @Named, as one of %s"
              .formatted(object.name(), kind, name, things.keySet()));
    }
    return thing;
  }

  private String name(String kind) {
    Named given = parameter.getAnnotation(Named.class);
    if (given != null) {
      return given.value();
    }
    if (!parameter.isNamePresent()) {
      throw new ParameterResolutionException(
          "the name of a %s's parameter was not compiled in: compile with -parameters, or write"
                  .formatted(kind)
              + " @Named(\"…\")");
    }
    return parameter.getName();
  }
}
