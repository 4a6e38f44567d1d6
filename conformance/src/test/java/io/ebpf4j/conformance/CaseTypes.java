package io.ebpf4j.conformance;

import io.ebpf4j.btf.BtfBuilder;
import io.ebpf4j.btf.BtfType.DeclarationTag;
import io.ebpf4j.btf.BtfType.Linkage;
import io.ebpf4j.btf.BtfType.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads the few forms of C declarations that cases need: integers, pointers, arrays as members, and
 * structs, of which only their name counts.
 */
final class CaseTypes {
  private static final Pattern FUNCTION =
      Pattern.compile("(static|global|extern)\\s+(.+?)\\s*(\\w+)\\((.*)\\)");
  private static final Pattern MEMBER = Pattern.compile("(.+?)\\s*(\\w+)(?:\\[(\\d+)])?");

  private final BtfBuilder types;

  CaseTypes(BtfBuilder types) {
    this.types = types;
  }

  /**
   * A function such as {@code static int add(u32 a, struct xdp_md *ctx)}; a parameter may begin
   * with {@code __arg_ctx} and the like.
   */
  int function(String declaration) {
    Matcher function = match(FUNCTION, declaration);
    List<Parameter> parameters = new ArrayList<>();
    List<String> tags = new ArrayList<>();
    for (String parameter : split(function.group(4), ",")) {
      String text = parameter.strip();
      StringBuilder tag = new StringBuilder();
      while (text.startsWith("__arg_")) {
        int end = text.indexOf(' ');
        tag.append(text, "__arg_".length(), end).append(' ');
        text = text.substring(end).strip();
      }
      tags.add(tag.toString());
      Matcher member = match(MEMBER, text);
      parameters.add(new Parameter(member.group(2), type(member.group(1))));
    }
    int prototype = types.prototype(type(function.group(2)), parameters.toArray(Parameter[]::new));
    Linkage linkage =
        switch (function.group(1)) {
          case "static" -> Linkage.STATIC;
          case "global" -> Linkage.GLOBAL;
          default -> Linkage.EXTERN;
        };
    int id = types.function(function.group(3), prototype, linkage);
    for (int i = 0; i < tags.size(); i++) {
      for (String tag : split(tags.get(i), " ")) {
        types.add(new DeclarationTag("arg:" + tag, id, i, false));
      }
    }
    return id;
  }

  /** A struct of members such as {@code u64 count; struct bpf_spin_lock lock}. */
  int struct(String name, String members) {
    return types.struct(
        name,
        struct -> {
          for (String member : split(members, ";")) {
            Matcher matcher = match(MEMBER, member.strip());
            int type = type(matcher.group(1));
            String length = matcher.group(3);
            struct.member(
                matcher.group(2),
                length == null ? type : types.array(type, Integer.parseInt(length)));
          }
        });
  }

  private int type(String text) {
    String type = text.strip();
    if (type.endsWith("*")) {
      return types.pointer(type(type.substring(0, type.length() - 1)));
    }
    return switch (type) {
      case "void" -> 0;
      case "char" -> types.signed("char", 1);
      case "bool" -> types.bool();
      case "short" -> types.signed("short", 2);
      case "int" -> types.signed("int", 4);
      case "long" -> types.signed("long", 8);
      case "u8" -> types.unsigned("unsigned char", 1);
      case "u16" -> types.unsigned("unsigned short", 2);
      case "u32" -> types.unsigned("unsigned int", 4);
      case "u64" -> types.unsigned("unsigned long", 8);
      case "struct bpf_spin_lock" -> struct("bpf_spin_lock", "u32 val");
      case "struct bpf_wq" -> struct("bpf_wq", "u64 a; u64 b");
      case "struct bpf_timer" -> struct("bpf_timer", "u64 a; u64 b");
      case "struct pair" -> struct("pair", "u64 first; u64 second");
      default -> {
        if (!type.startsWith("struct ")) {
          throw new IllegalArgumentException("no type: " + text);
        }
        yield struct(type.substring("struct ".length()), "u32 first");
      }
    };
  }

  static List<String> split(String text, String at) {
    return text.isBlank() ? List.of() : List.of(text.strip().split("\\s*" + at + "\\s*"));
  }

  private static Matcher match(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("no declaration: " + text);
    }
    return matcher;
  }
}
