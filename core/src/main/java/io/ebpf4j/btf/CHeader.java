package io.ebpf4j.btf;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Types as a C header that declares each before its first use, in the form of {@code bpftool btf
 * dump format c}. Types of one name in C's view get a number behind it from the second on.
 *
 * <p>A type is put in order behind those that it contains; where it only points to a struct, a
 * forward declaration does. Not thread safe.
 */
public final class CHeader {
  /** Types may share parts without end: a small section could ask for more than any memory has. */
  private static final long MOST_STEPS = 200_000_000;

  private static final int DEEPEST = 2_000;

  private final Btf btf;
  private final CDeclarations declarations;
  private final boolean[] referenced;
  private final Order[] order;
  private final Emission[] emission;
  private final boolean[] declaredForward;
  private final List<Integer> queue = new ArrayList<>();
  private long steps;
  private int depth;

  private enum Order {
    UNKNOWN,
    IN_PROGRESS,
    KNOWN
  }

  private enum Emission {
    NONE,
    IN_PROGRESS,
    DONE
  }

  private CHeader(Btf btf, Consumer<String> out) {
    this.btf = btf;
    this.declarations = new CDeclarations(btf, out);
    this.referenced = new boolean[btf.size()];
    this.order = new Order[btf.size()];
    this.emission = new Emission[btf.size()];
    this.declaredForward = new boolean[btf.size()];
    Arrays.fill(order, Order.UNKNOWN);
    Arrays.fill(emission, Emission.NONE);
    order[0] = Order.KNOWN;
    emission[0] = Emission.DONE;
  }

  /**
   * Writes the header, piece by piece.
   *
   * @throws BtfFormatException where types cannot be declared in C: they contain themselves, or
   *     would need a header without end
   */
  public static void write(Btf btf, Consumer<String> out) {
    out.accept(
        """
        #ifndef __VMLINUX_H__
        #define __VMLINUX_H__

        #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
        #pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
        #endif

        """);
    new CHeader(btf, out).writeTypes();
    out.accept(
        """
        #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
        #pragma clang attribute pop
        #endif

        #endif /* __VMLINUX_H__ */
        """);
  }

  private void writeTypes() {
    for (int id = 1; id < btf.size(); id++) {
      markReferences(id);
    }
    for (int id = 1; id < btf.size(); id++) {
      queue.clear();
      putInOrder(id, false);
      for (int next : queue) {
        emit(next, 0);
      }
    }
  }

  /** An anonymous enum that something refers to is declared there. */
  private void markReferences(int id) {
    switch (btf.type(id)) {
      case BtfType.Pointer t -> referenced[t.target()] = true;
      case BtfType.Modifier t -> referenced[t.target()] = true;
      case BtfType.TypeTag t -> referenced[t.target()] = true;
      case BtfType.Typedef t -> referenced[t.target()] = true;
      case BtfType.Function t -> referenced[t.prototype()] = true;
      case BtfType.Variable t -> referenced[t.type()] = true;
      case BtfType.DeclarationTag t -> referenced[t.target()] = true;
      case BtfType.Array t -> {
        referenced[t.elementType()] = true;
        referenced[t.indexType()] = true;
      }
      case BtfType.Composite t -> t.members().forEach(part -> referenced[part.type()] = true);
      case BtfType.FunctionPrototype t ->
          t.parameters().forEach(part -> referenced[part.type()] = true);
      case BtfType.DataSection t -> t.variables().forEach(part -> referenced[part.type()] = true);
      case BtfType.VoidType _,
          BtfType.Int _,
          BtfType.FloatType _,
          BtfType.Enumeration _,
          BtfType.Forward _ -> {}
    }
  }

  /**
   * Queues what has to be declared before a type, then the type itself.
   *
   * @param byPointer whether a pointer leads here
   * @return whether the type must be declared before what led here
   */
  private boolean putInOrder(int id, boolean byPointer) {
    BtfType type = btf.type(id);
    if (order[id] == Order.KNOWN) {
      return true;
    }
    if (order[id] == Order.IN_PROGRESS) {
      if (type instanceof BtfType.Composite && byPointer && !type.name().isEmpty()) {
        return false;
      }
      throw new BtfFormatException("type %d contains itself, which C cannot say".formatted(id));
    }
    step();
    depth++;
    try {
      return putInOrder(id, type, byPointer);
    } finally {
      depth--;
    }
  }

  private boolean putInOrder(int id, BtfType type, boolean byPointer) {
    return switch (type) {
      case BtfType.Int _,
          BtfType.FloatType _,
          BtfType.Function _,
          BtfType.Variable _,
          BtfType.DataSection _,
          BtfType.DeclarationTag _,
          BtfType.VoidType _ -> {
        order[id] = Order.KNOWN;
        yield false;
      }
      case BtfType.Pointer t -> {
        boolean strong = putInOrder(t.target(), true);
        order[id] = Order.KNOWN;
        yield strong;
      }
      case BtfType.Array t -> putInOrder(t.elementType(), false);
      case BtfType.Modifier t -> putInOrder(t.target(), byPointer);
      case BtfType.TypeTag t -> putInOrder(t.target(), byPointer);
      case BtfType.Composite t -> {
        if (byPointer && !t.name().isEmpty()) {
          yield false;
        }
        order[id] = Order.IN_PROGRESS;
        t.members().forEach(member -> putInOrder(member.type(), false));
        if (!t.name().isEmpty()) {
          queue.add(id);
        }
        order[id] = Order.KNOWN;
        yield true;
      }
      case BtfType.Enumeration _, BtfType.Forward _ -> {
        if (!type.name().isEmpty() || !referenced[id]) {
          queue.add(id);
        }
        order[id] = Order.KNOWN;
        yield true;
      }
      case BtfType.Typedef t -> {
        boolean strong = putInOrder(t.target(), byPointer);
        if (byPointer && !strong) {
          yield false;
        }
        queue.add(id);
        order[id] = Order.KNOWN;
        yield true;
      }
      case BtfType.FunctionPrototype t -> {
        boolean strong = putInOrder(t.result(), byPointer);
        for (BtfType.Parameter parameter : t.parameters()) {
          strong |= putInOrder(parameter.type(), byPointer);
        }
        yield strong;
      }
    };
  }

  /**
   * Declares a type, after forward declarations of what it points to.
   *
   * @param container the struct or typedef that it is a part of, or 0 for one on its own
   */
  private void emit(int id, int container) {
    BtfType type = btf.type(id);
    if (emission[id] == Emission.DONE) {
      return;
    }
    step();
    if (emission[id] == Emission.IN_PROGRESS) {
      declareForward(id, type, container);
      return;
    }
    depth++;
    switch (type) {
      case BtfType.Int _ -> emission[id] = Emission.DONE;
      case BtfType.Enumeration t -> {
        if (container == 0) {
          declarations.enumeration(id, t);
        }
        emission[id] = Emission.DONE;
      }
      case BtfType.Pointer t -> emit(t.target(), container);
      case BtfType.Modifier t -> emit(t.target(), container);
      case BtfType.TypeTag t -> emit(t.target(), container);
      case BtfType.Array t -> emit(t.elementType(), container);
      case BtfType.Forward t -> {
        declarations.forward(id, t);
        emission[id] = Emission.DONE;
      }
      case BtfType.Typedef t -> {
        emission[id] = Emission.IN_PROGRESS;
        emit(t.target(), id);
        if (!declaredForward[id]) {
          declarations.typedef(id, t);
        }
        emission[id] = Emission.DONE;
      }
      case BtfType.Composite t -> emit(id, t, container);
      case BtfType.FunctionPrototype t -> {
        emit(t.result(), container);
        t.parameters().forEach(parameter -> emit(parameter.type(), container));
      }
      case BtfType.VoidType _,
          BtfType.FloatType _,
          BtfType.Function _,
          BtfType.Variable _,
          BtfType.DataSection _,
          BtfType.DeclarationTag _ -> {}
    }
    depth--;
  }

  private void emit(int id, BtfType.Composite type, int container) {
    emission[id] = Emission.IN_PROGRESS;
    boolean anonymous = type.name().isEmpty();
    if (container == 0 || anonymous) {
      int around = anonymous ? container : id;
      type.members().forEach(member -> emit(member.type(), around));
    } else if (!declaredForward[id] && id != container) {
      declarations.forward(id, type);
      declaredForward[id] = true;
    }
    if (container == 0) {
      declarations.composite(id, type);
      emission[id] = Emission.DONE;
    } else {
      emission[id] = Emission.NONE;
    }
  }

  private void declareForward(int id, BtfType type, int container) {
    if (declaredForward[id]) {
      return;
    }
    switch (type) {
      case BtfType.Composite t when id == container || t.name().isEmpty() -> {
        return;
      }
      case BtfType.Composite t -> declarations.forward(id, t);
      case BtfType.Typedef t -> declarations.typedef(id, t);
      default -> throw new AssertionError("only structs and typedefs are declared in two steps");
    }
    declaredForward[id] = true;
  }

  private void step() {
    if (++steps > MOST_STEPS || depth > DEEPEST) {
      throw new BtfFormatException(
          "its types refer to each other too often or too deep for a header in C");
    }
  }
}
