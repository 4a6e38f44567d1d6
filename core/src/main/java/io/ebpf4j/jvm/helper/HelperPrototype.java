package io.ebpf4j.jvm.helper;

import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A helper function of this kernel, as its {@link Helper} annotation describes it.
 *
 * @param id the number in {@code enum bpf_func_id}
 * @param name the name without {@code bpf_}
 * @param returns what R0 is
 * @param arguments what R1 to R5 are
 * @param programTypes who may call it; empty: every program type
 * @param attachTypes expected attach types of programs that may call it; empty: every one
 * @param gplOnly whether the program needs a GPL-compatible license
 * @param takesPacket whether memory that it is given may lie in the packet
 * @param changesPacket whether packet pointers die by the call
 * @param sleeps whether it may sleep
 * @param usesActivation whether it asks the CPU for what runs
 * @param implementation the method, or null where this kernel knows the prototype alone
 */
public record HelperPrototype(
    int id,
    String name,
    Returns returns,
    List<Argument> arguments,
    Set<ProgramType> programTypes,
    Set<AttachType> attachTypes,
    boolean gplOnly,
    boolean takesPacket,
    boolean changesPacket,
    boolean sleeps,
    boolean usesActivation,
    @Nullable Method implementation) {
  /** Copies the collections. */
  public HelperPrototype {
    arguments = List.copyOf(arguments);
    programTypes = Set.copyOf(programTypes);
    attachTypes = Set.copyOf(attachTypes);
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
        Set.of(helper.attachTypes()),
        helper.gplOnly(),
        helper.takesPacket(),
        helper.changesPacket(),
        helper.sleeps(),
        helper.usesActivation(),
        method);
  }

  /** Whether programs of that type may call it. */
  public boolean allows(ProgramType type) {
    return programTypes.isEmpty() || programTypes.contains(type);
  }

  /** Whether a program may call it. */
  public boolean allows(ProgramSpec program) {
    return allows(program.type())
        && (attachTypes.isEmpty() || attachTypes.contains(program.expectedAttachType()));
  }

  /** Whether it can be called, not only verified. */
  public boolean isBuilt() {
    return implementation != null;
  }

  /** The implementation; only of a helper that is built. */
  public Method method() {
    Method method = implementation;
    if (method == null) {
      throw new IllegalStateException("helper " + name + " is not built");
    }
    return method;
  }

  /**
   * The implementation, made anew at each call: takes the {@link Cpu} and a {@code long} for each
   * argument, gives a {@code long}.
   */
  public MethodHandle handle() {
    Method method = method();
    try {
      method.setAccessible(true);
      return MethodHandles.lookup().unreflect(method);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("helper " + name + " is out of reach", e);
    }
  }
}
