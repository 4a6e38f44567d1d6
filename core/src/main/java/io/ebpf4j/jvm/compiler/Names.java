package io.ebpf4j.jvm.compiler;

import java.util.Set;

/** Names of generated classes and methods: the C names, as far as Java can have them. */
final class Names {
  private static final String PACKAGE = "ebpf";
  private static final Set<String> TAKEN = Set.of("run", "call", "", "main");

  private Names() {}

  /** The class of a program: {@code ebpf.count}. */
  static String program(String program) {
    String name = legal(program);
    return PACKAGE + "." + (name.isEmpty() ? "program" : name);
  }

  /** The method of a function. */
  static String method(String function) {
    String name = legal(function);
    return TAKEN.contains(name) ? name + "_" : name;
  }

  private static String legal(String name) {
    return name.replaceAll("[^A-Za-z0-9_$]", "_");
  }
}
