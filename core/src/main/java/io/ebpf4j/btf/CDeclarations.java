package io.ebpf4j.btf;

import io.ebpf4j.btf.BtfType.Composite;
import io.ebpf4j.btf.BtfType.Enumeration;
import io.ebpf4j.btf.BtfType.Enumerator;
import io.ebpf4j.btf.BtfType.Forward;
import io.ebpf4j.btf.BtfType.FunctionPrototype;
import io.ebpf4j.btf.BtfType.Member;
import io.ebpf4j.btf.BtfType.Parameter;
import io.ebpf4j.btf.BtfType.Typedef;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Single declarations in C. Tags (of structs, unions and enums) and other identifiers are two sets
 * of names, in each of which a name that comes again gets a number.
 */
final class CDeclarations {
  /** What a compiler has by itself. */
  private static final String BUILT_IN = "__builtin_va_list";

  /** Anonymous structs are written where they are used, so a small section could ask for much. */
  private static final int LONGEST = 1 << 28;

  private static final int DEEPEST = 200;

  private final Btf btf;
  private final BtfLayout layout;
  private final CPadding padding;
  private final Consumer<String> out;
  private final Map<String, Integer> tags = new HashMap<>();
  private final Map<String, Integer> identifiers = new HashMap<>();
  private final @Nullable String[] names;
  private StringBuilder text = new StringBuilder();

  CDeclarations(Btf btf, Consumer<String> out) {
    this.btf = btf;
    this.layout = new BtfLayout(btf::type);
    this.padding = new CPadding(layout);
    this.out = out;
    this.names = new String[btf.size()];
  }

  /** Declares a struct or union of which nothing is told. */
  void forward(int id, Composite type) {
    text.append(type.union() ? "union " : "struct ").append(tag(id));
    end();
  }

  /** The same for one that is never defined. */
  void forward(int id, Forward type) {
    text.append(type.union() ? "union " : "struct ").append(tag(id));
    end();
  }

  /** Defines a struct or union. */
  void composite(int id, Composite type) {
    define(id, type, 0);
    end();
  }

  /** Defines an enum. */
  void enumeration(int id, Enumeration type) {
    define(id, type, 0);
    end();
  }

  /** Defines a typedef, but for one that compilers bring. */
  void typedef(int id, Typedef type) {
    if (type.name().equals(BUILT_IN)) {
      return;
    }
    String name = identifier(id);
    if (type.target() == 0 && name.equals("__gnuc_va_list")) {
      text.append("typedef ").append(BUILT_IN).append(' ').append(name);
    } else {
      text.append("typedef ");
      declare(type.target(), name, 0);
    }
    end();
  }

  private void end() {
    out.accept(text.append(";\n\n").toString());
    text = new StringBuilder();
  }

  private void define(int id, Composite type, int level) {
    if (level > DEEPEST || text.length() > LONGEST) {
      throw new BtfFormatException("type %d is too large or too deep for C".formatted(id));
    }
    boolean packed = !type.union() && padding.isPacked(type);
    text.append(type.union() ? "union" : "struct");
    if (!type.name().isEmpty()) {
      text.append(' ').append(tag(id));
    }
    text.append(" {");
    long end = 0;
    boolean afterBitField = false;
    for (Member member : type.members()) {
      long at = Integer.toUnsignedLong(member.bitOffset());
      boolean bitField = member.bitFieldSize() != 0;
      int alignment = packed ? 1 : layout.alignment(member.type());
      pad(end, at, alignment, afterBitField && bitField, level + 1);
      text.append('\n').append("\t".repeat(level + 1));
      declare(member.type(), member.name(), level + 1);
      afterBitField = bitField;
      if (bitField) {
        text.append(": ").append(member.bitFieldSize());
        end = at + member.bitFieldSize();
      } else {
        end = at + (btf.hasSize(member.type()) ? layout.size(member.type()) * 8 : 0);
      }
      text.append(';');
    }
    if (!type.union()) {
      pad(end, type.size() * 8L, packed ? 1 : layout.alignment(id), false, level + 1);
    }
    if (!type.members().isEmpty() || type.size() != 0) {
      text.append('\n').append("\t".repeat(level));
    }
    text.append('}');
    if (packed) {
      text.append(" __attribute__((packed))");
    }
  }

  private void pad(long end, long next, int alignment, boolean amongBitFields, int level) {
    for (String filler : CPadding.between(end, next, alignment, amongBitFields)) {
      text.append('\n').append("\t".repeat(level)).append(filler).append(';');
    }
  }

  private void define(int id, Enumeration type, int level) {
    text.append("enum");
    if (!type.name().isEmpty()) {
      text.append(' ').append(tag(id));
    }
    if (type.values().isEmpty()) {
      return;
    }
    text.append(" {");
    for (Enumerator constant : type.values()) {
      int count = identifiers.merge(constant.name(), 1, Integer::sum);
      text.append('\n').append("\t".repeat(level + 1)).append(numbered(constant.name(), count));
      text.append(" = ").append(value(type, constant)).append(',');
    }
    text.append('\n').append("\t".repeat(level)).append('}');
    if (type.size() == 1) {
      text.append(" __attribute__((mode(byte)))");
    } else if (type.size() == 8 && needsWordMode(type)) {
      text.append(" __attribute__((mode(word)))");
    }
  }

  private static String value(Enumeration type, Enumerator constant) {
    if (type.wide()) {
      return type.signed()
          ? constant.value() + "LL"
          : Long.toUnsignedString(constant.value()) + "ULL";
    }
    int word = (int) constant.value();
    return type.signed() ? Integer.toString(word) : Integer.toUnsignedString(word);
  }

  /** Compilers choose 8 bytes by themselves where a constant needs them. */
  private static boolean needsWordMode(Enumeration type) {
    return !type.wide()
        || type.values().stream()
            .allMatch(constant ->
                type.signed()
                    ? constant.value() == (int) constant.value()
                    : constant.value() >>> 32 == 0);
  }

  /** Declares a name with a type, read from the inside out as C wants it. */
  private void declare(int id, String name, int level) {
    List<Integer> chain = new ArrayList<>();
    int at = id;
    while (true) {
      chain.add(at);
      int next =
          switch (btf.type(at)) {
            case BtfType.Pointer t -> t.target();
            case BtfType.Modifier t -> t.target();
            case BtfType.TypeTag t -> t.target();
            case FunctionPrototype t -> t.result();
            case BtfType.Array t -> t.elementType();
            default -> -1;
          };
      if (next < 0) {
        break;
      }
      at = next;
    }
    unwind(chain, name, level);
  }

  /** Takes the chain from its end, where the type is that everything else changes. */
  private void unwind(List<Integer> chain, String name, int level) {
    if (text.length() > LONGEST) {
      throw new BtfFormatException("a declaration is too long for C");
    }
    boolean afterPointer = true;
    while (!chain.isEmpty()) {
      int id = chain.removeLast();
      BtfType type = btf.type(id);
      switch (type) {
        case BtfType.Pointer _ -> text.append(afterPointer ? "*" : " *");
        case BtfType.Modifier t -> text.append(' ').append(word(t));
        case BtfType.Array t -> {
          array(t, chain, name, afterPointer, level);
          return;
        }
        case FunctionPrototype t -> {
          function(t, chain, name, afterPointer, level);
          return;
        }
        case BtfType.TypeTag t -> {
          qualifiers(chain);
          text.append(" __attribute__((btf_type_tag(\"").append(t.name()).append("\")))");
        }
        default -> {
          qualifiers(chain);
          base(id, type, level);
        }
      }
      afterPointer = type instanceof BtfType.Pointer;
    }
    name(name, afterPointer);
  }

  private void base(int id, BtfType type, int level) {
    switch (type) {
      case BtfType.VoidType _ -> text.append("void");
      case Composite t when t.name().isEmpty() -> define(id, t, level);
      case Composite t -> text.append(t.union() ? "union " : "struct ").append(tag(id));
      case Enumeration t when t.name().isEmpty() -> define(id, t, level);
      case Enumeration _ -> text.append("enum ").append(tag(id));
      case Forward t -> text.append(t.union() ? "union " : "struct ").append(tag(id));
      case Typedef _ -> text.append(identifier(id));
      default -> text.append(type.name());
    }
  }

  /** Qualifiers of an array's elements are on the elements already. */
  private void array(
      BtfType.Array array, List<Integer> chain, String name, boolean afterPointer, int level) {
    dropQualifiers(chain);
    if (chain.isEmpty()) {
      name(name, afterPointer);
    } else {
      boolean ofArrays = btf.kind(chain.getLast()) == BtfKind.ARRAY;
      if (!name.isEmpty() && !afterPointer) {
        text.append(' ');
      }
      text.append(ofArrays ? "" : "(");
      unwind(chain, name, level);
      text.append(ofArrays ? "" : ")");
    }
    text.append('[').append(Integer.toUnsignedString(array.length())).append(']');
  }

  private void function(
      FunctionPrototype type, List<Integer> chain, String name, boolean afterPointer, int level) {
    dropQualifiers(chain);
    if (chain.isEmpty()) {
      name(name, afterPointer);
    } else {
      text.append(" (");
      unwind(chain, name, level);
      text.append(')');
    }
    text.append('(');
    List<Parameter> parameters = type.parameters();
    if (parameters.isEmpty() || parameters.size() == 1 && parameters.getFirst().type() == 0) {
      text.append("void");
    } else {
      for (int i = 0; i < parameters.size(); i++) {
        text.append(i > 0 ? ", " : "");
        Parameter parameter = parameters.get(i);
        if (i == parameters.size() - 1 && parameter.type() == 0) {
          text.append("...");
        } else {
          declare(parameter.type(), parameter.name(), level);
        }
      }
    }
    text.append(')');
  }

  private void name(String name, boolean afterPointer) {
    text.append(name.isEmpty() || afterPointer ? "" : " ").append(name);
  }

  /** Writes the qualifiers of what comes next, before it. */
  private void qualifiers(List<Integer> chain) {
    while (!chain.isEmpty() && btf.type(chain.getLast()) instanceof BtfType.Modifier modifier) {
      text.append(word(modifier)).append(' ');
      chain.removeLast();
    }
  }

  private void dropQualifiers(List<Integer> chain) {
    while (!chain.isEmpty() && btf.type(chain.getLast()) instanceof BtfType.Modifier) {
      chain.removeLast();
    }
  }

  private static String word(BtfType.Modifier modifier) {
    return switch (modifier.qualifier()) {
      case CONST -> "const";
      case VOLATILE -> "volatile";
      case RESTRICT -> "restrict";
    };
  }

  private String tag(int id) {
    return resolved(id, tags);
  }

  private String identifier(int id) {
    return resolved(id, identifiers);
  }

  private String resolved(int id, Map<String, Integer> space) {
    @Nullable String known = names[id];
    if (known == null) {
      String name = btf.name(id);
      boolean declaresOnly =
          btf.type(id) instanceof Forward
              || btf.type(id) instanceof Enumeration type && type.values().isEmpty();
      known = declaresOnly ? name : numbered(name, space.merge(name, 1, Integer::sum));
      names[id] = known;
    }
    return Objects.requireNonNull(known);
  }

  private static String numbered(String name, int count) {
    return count > 1 ? name + "___" + count : name;
  }
}
