package io.ebpf4j.btf;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Writes a type as C declares it. Prototypes may lead to each other in a circle or branch without
 * end, so where it gets too deep or long it writes {@code ...} for what is left.
 */
final class TypeName {
  private static final int MAX_TYPES = 500;
  private static final int MAX_DEPTH = 60;

  private final Btf btf;
  private int types;
  private int depth;

  TypeName(Btf btf) {
    this.btf = btf;
  }

  /** The type without a name declared by it. */
  String of(int id) {
    return declare(id, "");
  }

  /** A declaration of what is {@code inner} in it: C reads from the inside out. */
  private String declare(int id, String inner) {
    if (++types > MAX_TYPES || depth == MAX_DEPTH) {
      return "...";
    }
    depth++;
    String declaration = declare(btf.type(id), inner);
    depth--;
    return declaration;
  }

  private String declare(BtfType type, String inner) {
    return switch (type) {
      case BtfType.VoidType _ -> join("void", inner);
      case BtfType.Int t -> join(t.name(), inner);
      case BtfType.FloatType t -> join(t.name(), inner);
      case BtfType.Typedef t -> join(t.name(), inner);
      case BtfType.Composite t -> join(tagged(t.union() ? "union" : "struct", t.name()), inner);
      case BtfType.Forward t -> join(tagged(t.union() ? "union" : "struct", t.name()), inner);
      case BtfType.Enumeration t -> join(tagged("enum", t.name()), inner);
      case BtfType.DataSection t -> join("section " + t.name(), inner);
      case BtfType.TypeTag t -> declare(t.target(), inner);
      case BtfType.Modifier t -> qualified(t, inner);
      case BtfType.Pointer t ->
          declare(t.target(), bindsTighter(t.target()) ? "(*" + inner + ")" : "*" + inner);
      case BtfType.Array t ->
          declare(t.elementType(), inner + "[" + Integer.toUnsignedString(t.length()) + "]");
      case BtfType.Variable t -> declare(t.type(), t.name() + inner);
      case BtfType.Function t -> declare(t.prototype(), t.name() + inner);
      case BtfType.FunctionPrototype t -> declare(t.result(), inner + "(" + parameters(t) + ")");
      case BtfType.DeclarationTag t -> declare(t.target(), inner);
    };
  }

  /** A qualifier of a pointer stands behind its star, any other before the type. */
  private String qualified(BtfType.Modifier modifier, String inner) {
    String word = modifier.qualifier().name().toLowerCase(Locale.ROOT);
    if (btf.type(skipModifiers(modifier.target())) instanceof BtfType.Pointer) {
      return declare(
          modifier.target(), inner.isEmpty() ? " " + word : " " + word + separator(inner) + inner);
    }
    return word + " " + declare(modifier.target(), inner);
  }

  private int skipModifiers(int id) {
    int at = id;
    while (true) {
      switch (btf.type(at)) {
        case BtfType.Modifier t -> at = t.target();
        case BtfType.TypeTag t -> at = t.target();
        default -> {
          return at;
        }
      }
    }
  }

  private boolean bindsTighter(int target) {
    BtfKind kind = btf.kind(skipModifiers(target));
    return kind == BtfKind.ARRAY || kind == BtfKind.FUNC_PROTO;
  }

  private String parameters(BtfType.FunctionPrototype prototype) {
    List<String> parameters = new ArrayList<>();
    for (BtfType.Parameter parameter : prototype.parameters()) {
      boolean variable = parameter.type() == 0 && parameter.name().isEmpty();
      parameters.add(variable ? "..." : declare(parameter.type(), ""));
    }
    return parameters.isEmpty() ? "void" : String.join(", ", parameters);
  }

  private static String tagged(String keyword, String name) {
    return keyword + " " + (name.isEmpty() ? "(anonymous)" : name);
  }

  private static String join(String type, String inner) {
    return inner.isEmpty() ? type : type + separator(inner) + inner;
  }

  private static String separator(String inner) {
    return inner.startsWith("[") || inner.startsWith(" ") ? "" : " ";
  }
}
