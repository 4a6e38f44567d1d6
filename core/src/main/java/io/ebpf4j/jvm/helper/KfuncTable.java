package io.ebpf4j.jvm.helper;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.btf.BtfKind;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.jvm.helper.KfuncArgument.Kind;
import io.ebpf4j.spec.ProgramType;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The kernel functions that programs call by their BTF types: those that the subsystems bring as
 * static methods annotated with {@link Kfunc}. One function may have several implementations for
 * different program types. Immutable, so thread safe.
 */
public final class KfuncTable {
  /** No kernel functions. */
  public static final KfuncTable NONE = new KfuncTable(Map.of());

  private static final Set<String> DYNPTRS = Set.of("bpf_dynptr", "bpf_dynptr_kern");

  private final Map<Integer, List<KfuncPrototype>> byId;
  private final Map<String, KfuncPrototype> byName = new HashMap<>();

  private KfuncTable(Map<Integer, List<KfuncPrototype>> byId) {
    this.byId = Map.copyOf(byId);
    byId.values().forEach(all -> byName.put(all.getFirst().name(), all.getFirst()));
  }

  /**
   * Adds the functions of some classes to the kernel's types, which have the structs that they
   * name.
   *
   * @throws IllegalArgumentException where a declaration names what the types have not
   */
  public static void declare(Collection<Class<?>> classes, BtfBuilder types) {
    Btf known = types.build();
    methods(classes).forEach(method -> declaration(method).declare(types, known));
  }

  /**
   * Reads the annotated methods of some classes.
   *
   * @param types the kernel's types, in which they are declared
   * @throws IllegalArgumentException where a method is not what its annotation says
   */
  public static KfuncTable of(Collection<Class<?>> classes, Btf types) {
    Map<Integer, List<KfuncPrototype>> byId = new HashMap<>();
    for (Method method : methods(classes)) {
      KfuncDeclaration declaration = declaration(method);
      KfuncPrototype.check(method, declaration);
      Kfunc kfunc = method.getAnnotation(Kfunc.class);
      int id = types.find(declaration.name(), BtfKind.FUNC).orElseThrow();
      BtfType.Function function = (BtfType.Function) types.type(id);
      var prototype = (BtfType.FunctionPrototype) types.type(function.prototype());
      List<KfuncArgument> arguments = new ArrayList<>();
      for (int i = 0; i < prototype.parameters().size(); i++) {
        arguments.add(argument(types, prototype.parameters(), i, Set.of(kfunc.flags())));
      }
      KfuncPrototype made =
          new KfuncPrototype(
              id,
              declaration.name(),
              arguments,
              prototype.result() == 0 ? 0 : types.strip(prototype.result()),
              Set.of(kfunc.flags()),
              Set.of(kfunc.programTypes()),
              types,
              method);
      List<KfuncPrototype> others = byId.computeIfAbsent(id, _ -> new ArrayList<>());
      if (others.stream().anyMatch(other -> overlap(made, other))) {
        throw new IllegalArgumentException("two functions %s for one type".formatted(made.name()));
      }
      others.add(made);
    }
    return new KfuncTable(byId);
  }

  /** The function of that id in the kernel's types: what holds for all program types. */
  public Optional<KfuncPrototype> find(int id) {
    return byId.getOrDefault(id, List.of()).stream().findFirst();
  }

  /** The function of that id as programs of a type call it, if they may. */
  public Optional<KfuncPrototype> find(int id, ProgramType type) {
    return byId.getOrDefault(id, List.of()).stream().filter(k -> k.allows(type)).findFirst();
  }

  /** The function of that name: what holds for all program types. */
  public Optional<KfuncPrototype> find(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /** The function of that name as programs of a type call it, if they may. */
  public Optional<KfuncPrototype> find(String name, ProgramType type) {
    return find(name).flatMap(kfunc -> find(kfunc.id(), type));
  }

  /** All functions, by name. */
  public List<KfuncPrototype> all() {
    return byId.values().stream()
        .flatMap(List::stream)
        .sorted(Comparator.comparing(KfuncPrototype::name))
        .toList();
  }

  private static boolean overlap(KfuncPrototype one, KfuncPrototype other) {
    return one.programTypes().isEmpty()
        || other.programTypes().isEmpty()
        || one.programTypes().stream().anyMatch(other::allows);
  }

  private static List<Method> methods(Collection<Class<?>> classes) {
    return classes.stream()
        .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
        .filter(method -> method.isAnnotationPresent(Kfunc.class))
        .sorted(Comparator.comparing(method -> declaration(method).name()))
        .toList();
  }

  private static KfuncDeclaration declaration(Method method) {
    return KfuncDeclaration.parse(method.getAnnotation(Kfunc.class).value());
  }

  private static KfuncArgument argument(
      Btf types, List<BtfType.Parameter> parameters, int index, Set<KfuncFlag> flags) {
    BtfType.Parameter parameter = parameters.get(index);
    String name = parameter.name();
    BtfType type = types.type(types.strip(parameter.type()));
    int target = 0;
    if (type instanceof BtfType.Pointer pointer && pointer.target() != 0) {
      target = types.strip(pointer.target());
    }
    boolean sized = index + 1 < parameters.size() && isSize(parameters.get(index + 1).name());
    return new KfuncArgument(
        name,
        kind(types, name, type, target, index == 0 && isOfIterator(flags)),
        target,
        target != 0 && types.hasSize(target) ? types.sizeOf(target) : 0,
        name.endsWith("__k") || name.endsWith("__szk"),
        type instanceof BtfType.Pointer && sized,
        name.endsWith("__opt"),
        name.endsWith("__nullable"),
        name.endsWith("__uninit"));
  }

  private static Kind kind(Btf types, String name, BtfType type, int target, boolean iterator) {
    if (name.endsWith("__ign") || name.endsWith("__prog")) {
      return Kind.IGNORED;
    }
    if (!(type instanceof BtfType.Pointer)) {
      return isSize(name) ? Kind.SIZE : Kind.NUMBER;
    }
    if (DYNPTRS.contains(types.name(target))) {
      return Kind.DYNPTR;
    }
    if (types.name(target).equals("bpf_wq")) {
      return Kind.WORK_QUEUE;
    }
    if (iterator || name.endsWith("__iter")) {
      return Kind.ITERATOR;
    }
    if (name.endsWith("__str")) {
      return Kind.STRING;
    }
    if (name.endsWith("__map")) {
      return Kind.MAP;
    }
    if (name.endsWith("__irq_flag")) {
      return Kind.IRQ_FLAGS;
    }
    boolean function = target != 0 && types.type(target) instanceof BtfType.FunctionPrototype;
    return function ? Kind.FUNCTION : Kind.POINTER;
  }

  private static boolean isSize(String name) {
    return name.endsWith("__sz") || name.endsWith("__szk");
  }

  private static boolean isOfIterator(Set<KfuncFlag> flags) {
    return flags.contains(KfuncFlag.ITERATOR_NEW)
        || flags.contains(KfuncFlag.ITERATOR_NEXT)
        || flags.contains(KfuncFlag.ITERATOR_DESTROY);
  }
}
