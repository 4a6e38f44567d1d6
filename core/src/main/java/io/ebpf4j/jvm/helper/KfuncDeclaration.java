package io.ebpf4j.jvm.helper;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.btf.BtfKind;
import io.ebpf4j.btf.BtfType.Linkage;
import io.ebpf4j.btf.BtfType.Parameter;
import io.ebpf4j.btf.BtfType.Qualifier;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A function's declaration in C, of the few forms that kernel functions have: numbers, enums,
 * structs, and pointers to them; {@code callback *} is a function that gets a map, a key and a
 * value.
 *
 * @param result the type of what it gives
 * @param name its name
 * @param parameters its parameters, in their order
 */
record KfuncDeclaration(String result, String name, List<Declared> parameters) {
  private static final Pattern FUNCTION = Pattern.compile("(.+?)\\s*(\\w+)\\((.*)\\)");
  private static final Pattern PARAMETER = Pattern.compile("(.+?)\\s*(\\w+)");

  /** A parameter: its type as it is written, and its name. */
  record Declared(String type, String name) {}

  /**
   * Reads a declaration.
   *
   * @throws IllegalArgumentException where it has another form
   */
  static KfuncDeclaration parse(String text) {
    Matcher function = match(FUNCTION, text);
    List<Declared> parameters = new ArrayList<>();
    String list = function.group(3).strip();
    if (!list.equals("void")) {
      for (String parameter : list.split(",", -1)) {
        Matcher declared = match(PARAMETER, parameter.strip());
        parameters.add(new Declared(declared.group(1), declared.group(2)));
      }
    }
    return new KfuncDeclaration(function.group(1), function.group(2), List.copyOf(parameters));
  }

  private static Matcher match(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("no declaration of a kernel function: " + text);
    }
    return matcher;
  }

  /** Adds the function, and what its types need, to the kernel's types. */
  void declare(BtfBuilder types, Btf known) {
    Parameter[] declared =
        parameters.stream()
            .map(parameter -> new Parameter(parameter.name(), type(types, known, parameter.type())))
            .toArray(Parameter[]::new);
    int prototype = types.prototype(type(types, known, result), declared);
    types.function(name, prototype, Linkage.STATIC);
  }

  private static int type(BtfBuilder types, Btf known, String text) {
    String type = text.strip();
    if (type.endsWith("*")) {
      return types.pointer(type(types, known, type.substring(0, type.length() - 1)));
    }
    if (type.startsWith("const ")) {
      return types.qualified(Qualifier.CONST, type(types, known, type.substring(6)));
    }
    if (type.equals("void")) {
      return 0;
    }
    if (type.equals("callback")) {
      int number = find(known, "int", BtfKind.INT);
      return types.prototype(
          number,
          new Parameter("map", types.pointer(0)),
          new Parameter("key", types.pointer(number)),
          new Parameter("value", types.pointer(0)));
    }
    if (type.startsWith("struct ")) {
      String name = type.substring("struct ".length());
      OptionalInt struct = known.find(name, BtfKind.STRUCT);
      return struct.isPresent() ? struct.getAsInt() : types.forward(name, false);
    }
    if (type.startsWith("enum ")) {
      return find(known, type.substring("enum ".length()), BtfKind.ENUM);
    }
    return switch (type) {
      case "char", "int", "long int", "unsigned int", "long unsigned int" ->
          find(known, type, BtfKind.INT);
      case "long" -> find(known, "long int", BtfKind.INT);
      case "unsigned long", "long unsigned" -> find(known, "long unsigned int", BtfKind.INT);
      default -> find(known, type, BtfKind.TYPEDEF);
    };
  }

  private static int find(Btf known, String name, BtfKind kind) {
    return known
        .find(name, kind)
        .orElseThrow(() -> new IllegalArgumentException("the kernel has no type " + name));
  }
}
