package io.ebpf4j.jvm.helper;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfType;
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
 * A kernel function of this kernel, as its {@link Kfunc} annotation describes it.
 *
 * @param id its function's id in the kernel's types
 * @param name its C name
 * @param arguments its parameters
 * @param result the type of what it gives, without typedefs and qualifiers
 * @param flags what it asks and promises
 * @param programTypes who may call it; empty: every program type
 * @param types the kernel's types
 * @param method the implementation
 */
public record KfuncPrototype(
    int id,
    String name,
    List<KfuncArgument> arguments,
    int result,
    Set<KfuncFlag> flags,
    Set<ProgramType> programTypes,
    Btf types,
    Method method) {
  /** Copies the collections. */
  public KfuncPrototype {
    arguments = List.copyOf(arguments);
    flags = Set.copyOf(flags);
    programTypes = Set.copyOf(programTypes);
  }

  /**
   * Checks that a method is what its declaration says.
   *
   * @throws IllegalArgumentException where it is not
   */
  static void check(Method method, KfuncDeclaration declaration) {
    boolean fits =
        Modifier.isStatic(method.getModifiers())
            && Modifier.isPublic(method.getModifiers())
            && Modifier.isPublic(method.getDeclaringClass().getModifiers())
            && method.getReturnType() == long.class
            && method.getParameterCount() == declaration.parameters().size() + 1
            && method.getParameterTypes()[0] == Cpu.class
            && Arrays.stream(method.getParameterTypes()).skip(1).allMatch(t -> t == long.class);
    if (!fits) {
      throw new IllegalArgumentException(
          "kernel function %s is no public static long %s(Cpu, %d times long)"
              .formatted(declaration.name(), method.getName(), declaration.parameters().size()));
    }
  }

  /** Whether it has a flag. */
  public boolean is(KfuncFlag flag) {
    return flags.contains(flag);
  }

  /** Whether programs of that type may call it. */
  public boolean allows(ProgramType type) {
    return programTypes.isEmpty() || programTypes.contains(type);
  }

  /** Whether it gives a pointer. */
  public boolean givesPointer() {
    return types.type(result) instanceof BtfType.Pointer;
  }

  /** What the pointer that it gives points to, without typedefs and qualifiers. */
  public int resultTarget() {
    return types.type(result) instanceof BtfType.Pointer pointer && pointer.target() != 0
        ? types.strip(pointer.target())
        : 0;
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
      throw new IllegalStateException("kernel function " + name + " is out of reach", e);
    }
  }
}
