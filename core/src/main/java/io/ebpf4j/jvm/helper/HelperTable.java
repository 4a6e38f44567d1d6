package io.ebpf4j.jvm.helper;

import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The helper functions of a kernel: those that its subsystems bring as static methods annotated
 * with {@link Helper}. One number may have several implementations for different program types, as
 * bpf_perf_event_output has on Linux. Immutable, so thread safe.
 */
public final class HelperTable {
  /** The classes of {@link #general}. */
  public static final List<Class<?>> GENERAL =
      List.of(
          ControlHelpers.class,
          DynptrHelpers.class,
          SystemHelpers.class,
          StringHelpers.class,
          PrintHelpers.class,
          SequenceHelpers.class,
          ChecksumHelpers.class);

  private final Map<Integer, List<HelperPrototype>> byId = new HashMap<>();

  private HelperTable() {}

  /**
   * Reads the annotated methods of some classes.
   *
   * @throws IllegalArgumentException where a method does not fit its annotation, its number and
   *     name are not Linux's, or two serve the same program type under one number
   */
  public static HelperTable of(Collection<Class<?>> classes) {
    HelperTable table = new HelperTable();
    for (Class<?> type : classes) {
      for (Method method : type.getDeclaredMethods()) {
        Helper helper = method.getAnnotation(Helper.class);
        if (helper != null) {
          table.add(HelperPrototype.of(method, helper));
        }
      }
    }
    return table;
  }

  /** The helpers that need no other subsystem. */
  public static HelperTable general() {
    return of(GENERAL);
  }

  /** The helper that a program of that type calls by that number, if this kernel has it. */
  public Optional<HelperPrototype> find(int id, ProgramType type) {
    return named(id).stream().filter(helper -> helper.allows(type)).findFirst();
  }

  /**
   * The helper that a program calls by that number as the verifier knows it, whether this kernel
   * can run it or not.
   */
  public Optional<HelperPrototype> known(int id, ProgramSpec program) {
    return Stream.concat(named(id).stream(), known(id).stream())
        .filter(helper -> helper.allows(program))
        .findFirst();
  }

  /** Whether the verifier knows a helper of that number. */
  public boolean isKnown(int id) {
    return byId.containsKey(id) || !known(id).isEmpty();
  }

  /** Whether packet pointers die by a call of that number. */
  public boolean changesPacket(int id) {
    return Stream.concat(named(id).stream(), known(id).stream())
        .anyMatch(HelperPrototype::changesPacket);
  }

  private static List<HelperPrototype> known(int id) {
    return Known.BY_ID.getOrDefault(id, List.of());
  }

  /** The helpers of that number, for all program types. */
  public List<HelperPrototype> find(int id) {
    return List.copyOf(named(id));
  }

  /** The helpers of that name, with or without {@code bpf_} before it. */
  public List<HelperPrototype> find(String name) {
    String bare = name.startsWith("bpf_") ? name.substring("bpf_".length()) : name;
    return HelperNames.idOf(bare).map(this::find).orElse(List.of());
  }

  /** All helpers, by number. */
  public List<HelperPrototype> all() {
    return byId.values().stream()
        .flatMap(List::stream)
        .sorted(Comparator.comparingInt(HelperPrototype::id))
        .toList();
  }

  /** The catalog, read when the first program is verified. */
  private static final class Known {
    static final Map<Integer, List<HelperPrototype>> BY_ID =
        PrototypeCatalog.read().stream().collect(Collectors.groupingBy(HelperPrototype::id));
  }

  private List<HelperPrototype> named(int id) {
    return byId.getOrDefault(id, List.of());
  }

  private void add(HelperPrototype helper) {
    if (!HelperNames.nameOf(helper.id()).equals(Optional.of(helper.name()))) {
      throw new IllegalArgumentException(
          "helper %d is not %s on Linux".formatted(helper.id(), helper.name()));
    }
    List<HelperPrototype> others = byId.computeIfAbsent(helper.id(), id -> new ArrayList<>());
    for (HelperPrototype other : others) {
      boolean disjoint =
          !helper.programTypes().isEmpty()
              && !other.programTypes().isEmpty()
              && helper.programTypes().stream().noneMatch(other::allows);
      if (!disjoint) {
        throw new IllegalArgumentException(
            "two implementations of helper %s for one program type".formatted(helper.name()));
      }
    }
    others.add(helper);
  }
}
