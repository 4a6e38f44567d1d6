package io.ebpf4j.btf;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Types one by one, with everything that BTF says of each, under the names that {@code bpftool btf
 * dump} gives them.
 */
public final class BtfListing {
  private static final String ANONYMOUS = "(anon)";

  private final Btf btf;

  /** Lists these types. */
  public BtfListing(Btf btf) {
    this.btf = btf;
  }

  /**
   * What is said of a type, or of one of its parts.
   *
   * @param name a word such as {@code type_id}
   * @param value a {@code Long}, or a {@code String}
   * @param suffix what stands behind the value as text
   */
  public record Field(String name, Object value, String suffix) {}

  /**
   * A member, parameter, constant or variable.
   *
   * @param name empty where parts of that kind have none
   * @param fields what is said of it
   * @param target what {@code type_id} leads to, where parts of that kind show it, or empty
   */
  public record Part(String name, List<Field> fields, String target) {}

  /**
   * A type.
   *
   * @param id its id
   * @param kind as in the UAPI header
   * @param name {@code (anon)} for an anonymous one
   * @param fields what is said of it
   * @param partsName what its parts are called together, or empty for a kind without parts
   * @param parts in their order
   */
  public record Entry(
      int id, String kind, String name, List<Field> fields, String partsName, List<Part> parts) {
    /** The entry as lines of text, each but the first behind a tab. */
    public String text() {
      StringBuilder text =
          new StringBuilder(String.format(Locale.ROOT, "[%d] %s '%s'", id, kind, name));
      append(text, fields, kind.equals("VAR") ? "," : "");
      for (Part part : parts) {
        text.append("\n\t");
        int start = text.length();
        if (!part.name().isEmpty()) {
          text.append('\'').append(part.name()).append('\'');
        }
        append(text, part.fields(), "");
        if (part.name().isEmpty()) {
          text.deleteCharAt(start);
        }
        if (!part.target().isEmpty()) {
          text.append(" (").append(part.target()).append(')');
        }
      }
      return text.toString();
    }

    private static void append(StringBuilder text, List<Field> fields, String comma) {
      String between = "";
      for (Field field : fields) {
        text.append(between).append(' ').append(field.name()).append('=');
        text.append(field.value()).append(field.suffix());
        between = comma;
      }
    }
  }

  /**
   * The entry of a type.
   *
   * @throws IndexOutOfBoundsException where there is none with that id
   */
  public Entry entry(int id) {
    BtfType type = btf.type(id);
    List<Field> fields = new ArrayList<>();
    List<Part> parts = new ArrayList<>();
    String partsName = "";
    switch (type) {
      case BtfType.VoidType _ -> {}
      case BtfType.Int t -> {
        add(fields, "size", t.size());
        add(fields, "bits_offset", t.offset());
        add(fields, "nr_bits", t.bits());
        add(fields, "encoding", encoding(t));
      }
      case BtfType.Pointer t -> add(fields, "type_id", t.target());
      case BtfType.Modifier t -> add(fields, "type_id", t.target());
      case BtfType.TypeTag t -> add(fields, "type_id", t.target());
      case BtfType.Typedef t -> add(fields, "type_id", t.target());
      case BtfType.Array t -> {
        add(fields, "type_id", t.elementType());
        add(fields, "index_type_id", t.indexType());
        add(fields, "nr_elems", Integer.toUnsignedLong(t.length()));
      }
      case BtfType.Composite t -> {
        add(fields, "size", t.size());
        add(fields, "vlen", t.members().size());
        partsName = "members";
        t.members().forEach(member -> parts.add(part(member)));
      }
      case BtfType.Enumeration t -> {
        add(fields, "encoding", t.signed() ? "SIGNED" : "UNSIGNED");
        add(fields, "size", t.size());
        add(fields, "vlen", t.values().size());
        partsName = "values";
        t.values().forEach(constant -> parts.add(part(t, constant)));
      }
      case BtfType.Forward t -> add(fields, "fwd_kind", t.union() ? "union" : "struct");
      case BtfType.Function t -> {
        add(fields, "type_id", t.prototype());
        add(fields, "linkage", label(t.linkage()));
      }
      case BtfType.FunctionPrototype t -> {
        add(fields, "ret_type_id", t.result());
        add(fields, "vlen", t.parameters().size());
        partsName = "params";
        for (BtfType.Parameter parameter : t.parameters()) {
          List<Field> said = new ArrayList<>();
          add(said, "type_id", parameter.type());
          parts.add(new Part(named(parameter.name()), said, ""));
        }
      }
      case BtfType.Variable t -> {
        add(fields, "type_id", t.type());
        add(fields, "linkage", label(t.linkage()));
      }
      case BtfType.DataSection t -> {
        add(fields, "size", t.size());
        add(fields, "vlen", t.variables().size());
        partsName = "vars";
        t.variables().forEach(variable -> parts.add(part(variable)));
      }
      case BtfType.FloatType t -> add(fields, "size", t.size());
      case BtfType.DeclarationTag t -> {
        add(fields, "type_id", t.target());
        add(fields, "component_idx", t.component());
      }
    }
    return new Entry(id, type.kind().name(), named(type.name()), fields, partsName, parts);
  }

  private static Part part(BtfType.Member member) {
    List<Field> said = new ArrayList<>();
    add(said, "type_id", member.type());
    add(said, "bits_offset", Integer.toUnsignedLong(member.bitOffset()));
    if (member.bitFieldSize() != 0) {
      add(said, "bitfield_size", member.bitFieldSize());
    }
    return new Part(named(member.name()), said, "");
  }

  private static Part part(BtfType.Enumeration type, BtfType.Enumerator constant) {
    Object value = constant.value();
    if (type.wide() && !type.signed()) {
      value = Long.toUnsignedString(constant.value());
    } else if (!type.wide()) {
      int word = (int) constant.value();
      value = type.signed() ? (long) word : Integer.toUnsignedLong(word);
    }
    String suffix = type.wide() ? type.signed() ? "LL" : "ULL" : "";
    return new Part(named(constant.name()), List.of(new Field("val", value, suffix)), "");
  }

  private Part part(BtfType.SectionVariable variable) {
    List<Field> said = new ArrayList<>();
    add(said, "type_id", variable.type());
    add(said, "offset", Integer.toUnsignedLong(variable.offset()));
    add(said, "size", Integer.toUnsignedLong(variable.size()));
    BtfType target = btf.type(variable.type());
    return new Part("", said, "%s '%s'".formatted(target.kind(), named(target.name())));
  }

  private static void add(List<Field> fields, String name, long value) {
    fields.add(new Field(name, value, ""));
  }

  private static void add(List<Field> fields, String name, String value) {
    fields.add(new Field(name, value, ""));
  }

  private static String encoding(BtfType.Int type) {
    if (type.signed()) {
      // gcc says of a signed char that it is signed and a character, which bpftool has no word for.
      return type.character() || type.bool() ? "UNKN" : "SIGNED";
    }
    return type.character() ? "CHAR" : type.bool() ? "BOOL" : "(none)";
  }

  private static String label(BtfType.Linkage linkage) {
    return linkage.name().toLowerCase(Locale.ROOT);
  }

  private static String named(String name) {
    return name.isEmpty() ? ANONYMOUS : name;
  }
}
