package io.ebpf4j.btf;

import java.util.List;

/**
 * A type of BTF, one record for each kind in the kernel's BTF documentation. Types name each other
 * by id; 0 is {@code void}. An anonymous type's name is empty.
 */
public sealed interface BtfType {
  /** The name, empty for an anonymous type. */
  default String name() {
    return "";
  }

  /** {@code void}, id 0. */
  record VoidType() implements BtfType {}

  /** An integer: {@code size} bytes, of which {@code bits} from {@code offset} on count. */
  record Int(
      String name, int size, int bits, int offset, boolean signed, boolean character, boolean bool)
      implements BtfType {}

  /** A pointer. */
  record Pointer(int target) implements BtfType {}

  /** An array of {@code length} elements. */
  record Array(int elementType, int indexType, int length) implements BtfType {}

  /** A struct or union of {@code size} bytes. */
  record Composite(String name, boolean union, int size, List<Member> members) implements BtfType {
    /** Copies the list. */
    public Composite {
      members = List.copyOf(members);
    }
  }

  /** A member: its offset in bits, and its width in bits where it is a bit field, else 0. */
  record Member(String name, int type, int bitOffset, int bitFieldSize) {}

  /** An enum of {@code size} bytes (ENUM and ENUM64). */
  record Enumeration(String name, int size, boolean signed, boolean wide, List<Enumerator> values)
      implements BtfType {
    /** Copies the list. */
    public Enumeration {
      values = List.copyOf(values);
    }
  }

  /** A constant of an enum. */
  record Enumerator(String name, long value) {}

  /** A forward declaration of a struct or union. */
  record Forward(String name, boolean union) implements BtfType {}

  /** A typedef. */
  record Typedef(String name, int target) implements BtfType {}

  /** {@code const}, {@code volatile} or {@code restrict}. */
  record Modifier(Qualifier qualifier, int target) implements BtfType {}

  /** What a {@link Modifier} adds. */
  enum Qualifier {
    CONST,
    VOLATILE,
    RESTRICT
  }

  /** A function; {@code prototype} is a {@link FunctionPrototype}. */
  record Function(String name, int prototype, Linkage linkage) implements BtfType {}

  /** A function's result and parameters; a last parameter without name and type is {@code ...}. */
  record FunctionPrototype(int result, List<Parameter> parameters) implements BtfType {
    /** Copies the list. */
    public FunctionPrototype {
      parameters = List.copyOf(parameters);
    }
  }

  /** A parameter. */
  record Parameter(String name, int type) {}

  /** A global variable. */
  record Variable(String name, int type, Linkage linkage) implements BtfType {}

  /** How a function or variable is linked. */
  enum Linkage {
    STATIC,
    GLOBAL,
    EXTERN
  }

  /** A section of global variables. */
  record DataSection(String name, int size, List<SectionVariable> variables) implements BtfType {
    /** Copies the list. */
    public DataSection {
      variables = List.copyOf(variables);
    }
  }

  /** A variable (a {@link Variable} or {@link Function}) in a section: its place in bytes. */
  record SectionVariable(int type, int offset, int size) {}

  /** A floating-point number. */
  record FloatType(String name, int size) implements BtfType {}

  /**
   * {@code btf_decl_tag}: on {@code target}, or its member or parameter {@code component} (-1:
   * itself).
   */
  record DeclarationTag(String name, int target, int component) implements BtfType {}

  /** {@code btf_type_tag}. */
  record TypeTag(String name, int target) implements BtfType {}
}
