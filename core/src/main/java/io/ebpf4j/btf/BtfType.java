package io.ebpf4j.btf;

import java.util.List;

/**
 * A type of BTF, a record for each shape among the kinds of the UAPI header {@code linux/btf.h}.
 * Types name each other by id; 0 is {@code void}. An anonymous type's name is empty.
 */
public sealed interface BtfType {
  /** Its kind. */
  BtfKind kind();

  /** The name, empty for an anonymous type. */
  default String name() {
    return "";
  }

  /** {@code void}, id 0. */
  record VoidType() implements BtfType {
    @Override
    public BtfKind kind() {
      return BtfKind.VOID;
    }
  }

  /** An integer: {@code size} bytes, of which {@code bits} from {@code offset} on count. */
  record Int(
      String name, int size, int bits, int offset, boolean signed, boolean character, boolean bool)
      implements BtfType {
    @Override
    public BtfKind kind() {
      return BtfKind.INT;
    }
  }

  /** A pointer. */
  record Pointer(int target) implements BtfType {
    @Override
    public BtfKind kind() {
      return BtfKind.PTR;
    }
  }

  /** An array of {@code length} elements, an unsigned number. */
  record Array(int elementType, int indexType, int length) implements BtfType {
    @Override
    public BtfKind kind() {
      return BtfKind.ARRAY;
    }
  }

  /** A struct or union of {@code size} bytes. */
  record Composite(String name, boolean union, int size, List<Member> members) implements BtfType {
    /** Copies the list. */
    public Composite {
      members = List.copyOf(members);
    }

    @Override
    public BtfKind kind() {
      return union ? BtfKind.UNION : BtfKind.STRUCT;
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

    @Override
    public BtfKind kind() {
      return wide ? BtfKind.ENUM64 : BtfKind.ENUM;
    }
  }

  /** A constant of an enum; one of an unsigned ENUM64 is to be read as unsigned. */
  record Enumerator(String name, long value) {}

  /** A forward declaration of a struct or union. */
  record Forward(String name, boolean union) implements BtfType {
    @Override
    public BtfKind kind() {
      return BtfKind.FWD;
    }
  }

  /** A typedef. */
  record Typedef(String name, int target) implements BtfType {
    @Override
    public BtfKind kind() {
      return BtfKind.TYPEDEF;
    }
  }

  /** {@code const}, {@code volatile} or {@code restrict}. */
  record Modifier(Qualifier qualifier, int target) implements BtfType {
    @Override
    public BtfKind kind() {
      return switch (qualifier) {
        case CONST -> BtfKind.CONST;
        case VOLATILE -> BtfKind.VOLATILE;
        case RESTRICT -> BtfKind.RESTRICT;
      };
    }
  }

  /** What a {@link Modifier} adds. */
  enum Qualifier {
    CONST,
    VOLATILE,
    RESTRICT
  }

  /** A function; {@code prototype} is a {@link FunctionPrototype}. */
  record Function(String name, int prototype, Linkage linkage) implements BtfType {
    @Override
    public BtfKind kind() {
      return BtfKind.FUNC;
    }
  }

  /** A function's result and parameters; a last parameter without name and type is {@code ...}. */
  record FunctionPrototype(int result, List<Parameter> parameters) implements BtfType {
    /** Copies the list. */
    public FunctionPrototype {
      parameters = List.copyOf(parameters);
    }

    @Override
    public BtfKind kind() {
      return BtfKind.FUNC_PROTO;
    }
  }

  /** A parameter. */
  record Parameter(String name, int type) {}

  /** A global variable. */
  record Variable(String name, int type, Linkage linkage) implements BtfType {
    @Override
    public BtfKind kind() {
      return BtfKind.VAR;
    }
  }

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

    @Override
    public BtfKind kind() {
      return BtfKind.DATASEC;
    }
  }

  /** A variable (a {@link Variable} or {@link Function}) in a section: its place in bytes. */
  record SectionVariable(int type, int offset, int size) {}

  /** A floating-point number. */
  record FloatType(String name, int size) implements BtfType {
    @Override
    public BtfKind kind() {
      return BtfKind.FLOAT;
    }
  }

  /**
   * {@code btf_decl_tag}, or any other attribute where {@code attribute}: on {@code target}, or its
   * member or parameter {@code component} (-1: itself).
   */
  record DeclarationTag(String name, int target, int component, boolean attribute)
      implements BtfType {
    @Override
    public BtfKind kind() {
      return BtfKind.DECL_TAG;
    }
  }

  /** {@code btf_type_tag}, or any other attribute of a type where {@code attribute}. */
  record TypeTag(String name, int target, boolean attribute) implements BtfType {
    @Override
    public BtfKind kind() {
      return BtfKind.TYPE_TAG;
    }
  }
}
