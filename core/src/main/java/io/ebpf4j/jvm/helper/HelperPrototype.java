package io.ebpf4j.jvm.helper;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.spec.ProgramType;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * A helper function of this kernel, as its {@link Helper} annotation describes it.
 *
 * @param id the number in {@code enum bpf_func_id}
 * @param name the name without {@code bpf_}
 * @param returns what R0 is
 * @param arguments what R1 to R5 are
 * @param programTypes who may call it; empty: every program type
 * @param gplOnly whether the program needs a GPL-compatible license
 * @param takesPacket whether memory that it is given may lie in the packet
 * @param changesPacket whether packet pointers die by the call
 * @param usesActivation whether it asks the CPU for what runs
 * @param method the implementation
 */
public record HelperPrototype(
    int id,
    String name,
    Returns returns,
    List<Argument> arguments,
    Set<ProgramType> programTypes,
    boolean gplOnly,
    boolean takesPacket,
    boolean changesPacket,
    boolean usesActivation,
    Method method) {
  /** Copies the collections. */
  public HelperPrototype {
    arguments = List.copyOf(arguments);
    programTypes = Set.copyOf(programTypes);
  }

  /**
   * What an annotated method says.
   *
   * @throws IllegalArgumentException where the method does not fit its annotation
   */
  static HelperPrototype of(Method method, Helper helper) {
    boolean fits =
        Modifier.isStatic(method.getModifiers())
            && Modifier.isPublic(method.getModifiers())
            && Modifier.isPublic(method.getDeclaringClass().getModifiers())
            && method.getReturnType() == long.class
            && method.getParameterCount() == helper.arguments().length + 1
            && method.getParameterTypes()[0] == Cpu.class
            && Arrays.stream(method.getParameterTypes()).skip(1).allMatch(t -> t == long.class);
    if (!fits) {
      throw new IllegalArgumentException(
          "helper %s is no public static long %s(Cpu, %d times long)"
              .formatted(helper.name(), method.getName(), helper.arguments().length));
    }
    return new HelperPrototype(
        helper.id(),
        helper.name(),
        helper.returns(),
        List.of(helper.arguments()),
        Set.of(helper.programTypes()),
        helper.gplOnly(),
        helper.takesPacket(),
        helper.changesPacket(),
        helper.usesActivation(),
        method);
  }

  /** Whether programs of that type may call it. */
  public boolean allows(ProgramType type) {
    return programTypes.isEmpty() || programTypes.contains(type);
  }

  /**
   * The implementation, made anew at each call: takes the {@link Cpu} and a {@code long} for each
   * argument, gives a {@code long}.
   */
  public MethodHandle handle() {
    try {
      method.setAccessible(true);
      return MethodHandles.lookup().unreflect(method);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("helper " + name + " is out of reach", e);
    }
  }
}
