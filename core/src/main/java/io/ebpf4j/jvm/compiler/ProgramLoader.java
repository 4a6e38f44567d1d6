package io.ebpf4j.jvm.compiler;

import java.lang.invoke.CallSite;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * The loader of one program's class, so that the class goes with its program. It keeps what the
 * class's constants are.
 */
public final class ProgramLoader extends ClassLoader {
  private final Object[] constants;

  private ProgramLoader(Object[] constants) {
    super(CompiledProgram.class.getClassLoader());
    this.constants = constants;
  }

  /** Defines a class, whose main function has that name, and gives its one instance. */
  static CompiledProgram load(String name, byte[] bytes, String main, Object[] constants) {
    ProgramLoader loader = new ProgramLoader(constants);
    loader.open();
    Class<?> type = loader.defineClass(name, bytes, 0, bytes.length);
    try {
      CompiledProgram program = (CompiledProgram) type.getField(Compiler.PROGRAM).get(null);
      program.enteredBy(
          MethodHandles.publicLookup().findStatic(type, main, CompiledProgram.MAIN_TYPE));
      return program;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("class " + name + " cannot be made", e);
    }
  }

  /** A constant of a class that a loader of this kind defined. Called by generated code. */
  public static Object constant(Class<?> type, int number) {
    return ((ProgramLoader) type.getClassLoader()).constants[number];
  }

  /** A call site of a class that a loader of this kind defined. Called to link generated code. */
  public static CallSite callSite(
      MethodHandles.Lookup lookup, String name, MethodType type, int number) {
    return (CallSite) constant(lookup.lookupClass(), number);
  }

  /** Whether the JDK lets generated classes use its Unsafe. */
  static boolean seesUnsafe() {
    Module generated = new ProgramLoader(new Object[0]).getUnnamedModule();
    return Object.class.getModule().isExported("jdk.internal.misc", generated);
  }

  /** Lets generated code call this module's packages, which are exported to nobody else. */
  private void open() {
    Module own = CompiledProgram.class.getModule();
    if (own.isNamed()) {
      own.getPackages().stream()
          .filter(name -> name.startsWith("io.ebpf4j.jvm"))
          .forEach(name -> own.addExports(name, getUnnamedModule()));
    }
  }
}
