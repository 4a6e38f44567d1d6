package io.ebpf4j.btf;

import io.ebpf4j.btf.BtfType.Enumerator;
import io.ebpf4j.btf.BtfType.Forward;
import io.ebpf4j.btf.BtfType.Linkage;
import io.ebpf4j.btf.BtfType.Parameter;
import io.ebpf4j.btf.BtfType.Qualifier;
import io.ebpf4j.btf.BtfType.SectionVariable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Declares types one by one and makes a {@link Btf} of them. Each method gives the id of its type;
 * to declare the same type again gives the same id. Structs are laid out as C does, or with the
 * offsets that are given. Not for several threads at once.
 *
 * {@snippet :
 * BtfBuilder types = new BtfBuilder();
 * int u32 = types.unsigned("u32", 4);
 * int node = types.forward("node", false);
 * types.struct("node", node -> node.member("next", types.pointer(node)).member("value", u32));
 * Btf btf = types.build();
 * }
 */
public final class BtfBuilder {
  private static final String INDEX_TYPE = "__ARRAY_SIZE_TYPE__";

  private final List<BtfType> types = new ArrayList<>();
  private final Map<BtfType, Integer> ids = new HashMap<>();

  /** Starts with no type but void. */
  public BtfBuilder() {
    add(new BtfType.VoidType());
  }

  /** Starts with the types of another, which keep their ids. */
  public BtfBuilder(Btf start) {
    for (BtfType type : start.types()) {
      ids.putIfAbsent(type, types.size());
      types.add(type);
    }
  }

  /** The types declared so far. */
  public Btf build() {
    return new Btf(types);
  }

  /** Any type, whose ids refer to types of this builder. */
  public int add(BtfType type) {
    @Nullable Integer known = ids.get(type);
    if (known != null) {
      return known;
    }
    types.add(type);
    ids.put(type, types.size() - 1);
    return types.size() - 1;
  }

  /** Puts another type in the place of one, for all that refer to its id. */
  public void replace(int id, BtfType type) {
    BtfType old = types.set(id, type);
    ids.remove(old, id);
    ids.putIfAbsent(type, id);
  }

  /** An unsigned integer. */
  public int unsigned(String name, int bytes) {
    return add(new BtfType.Int(name, bytes, bytes * 8, 0, false, false, false));
  }

  /** A signed integer; {@code char} is one, as clang writes it. */
  public int signed(String name, int bytes) {
    return add(new BtfType.Int(name, bytes, bytes * 8, 0, true, false, false));
  }

  /** {@code _Bool}. */
  public int bool() {
    return add(new BtfType.Int("_Bool", 1, 8, 0, false, false, true));
  }

  /** A floating-point number. */
  public int floating(String name, int bytes) {
    return add(new BtfType.FloatType(name, bytes));
  }

  /** A pointer; to void where {@code target} is 0. */
  public int pointer(int target) {
    return add(new BtfType.Pointer(target));
  }

  /** An array. */
  public int array(int element, int length) {
    return add(new BtfType.Array(element, unsigned(INDEX_TYPE, 4), length));
  }

  /** A typedef. */
  public int typedef(String name, int target) {
    return add(new BtfType.Typedef(name, target));
  }

  /** A qualified type. */
  public int qualified(Qualifier qualifier, int target) {
    return add(new BtfType.Modifier(qualifier, target));
  }

  /** An enum of 4 bytes; signed where a value is negative. */
  public int enumeration(String name, List<Enumerator> values) {
    boolean signed = values.stream().anyMatch(value -> value.value() < 0);
    return add(new BtfType.Enumeration(name, 4, signed, false, values));
  }

  /** An enum of 8 bytes; signed where a value is negative. */
  public int enumeration64(String name, List<Enumerator> values) {
    boolean signed = values.stream().anyMatch(value -> value.value() < 0);
    return add(new BtfType.Enumeration(name, 8, signed, true, values));
  }

  /** A struct or union that is declared later, or never; its id becomes that of the struct. */
  public int forward(String name, boolean union) {
    return add(new Forward(name, union));
  }

  /** A struct; where it was declared by {@link #forward} it takes that id. */
  public int struct(String name, Consumer<Members> members) {
    return composite(name, false, members);
  }

  /** A union; where it was declared by {@link #forward} it takes that id. */
  public int union(String name, Consumer<Members> members) {
    return composite(name, true, members);
  }

  /** A function type; a last parameter of no name and type 0 is {@code ...}. */
  public int prototype(int result, Parameter... parameters) {
    return add(new BtfType.FunctionPrototype(result, List.of(parameters)));
  }

  /** A function. */
  public int function(String name, int prototype, Linkage linkage) {
    return add(new BtfType.Function(name, prototype, linkage));
  }

  /** A global variable. */
  public int variable(String name, int type, Linkage linkage) {
    return add(new BtfType.Variable(name, type, linkage));
  }

  /** A section of variables, laid out in their order. */
  public int section(String name, int... variables) {
    BtfLayout layout = new BtfLayout(types::get);
    List<SectionVariable> places = new ArrayList<>();
    long end = 0;
    for (int variable : variables) {
      long start = alignUp(end, layout.alignment(variable));
      int size = toInt(layout.size(variable), name);
      places.add(new SectionVariable(variable, toInt(start, name), size));
      end = start + size;
    }
    return add(new BtfType.DataSection(name, toInt(end, name), places));
  }

  private int composite(String name, boolean union, Consumer<Members> members) {
    Members collected = new Members(name, union);
    members.accept(collected);
    BtfType.Composite type = collected.composite();
    @Nullable Integer declared = name.isEmpty() ? null : ids.get(new Forward(name, union));
    if (declared == null) {
      return add(type);
    }
    replace(declared, type);
    return declared;
  }

  /** The members of a struct or union, each put behind the one before as C does. */
  public final class Members {
    private final String name;
    private final boolean union;
    private final BtfLayout layout = new BtfLayout(types::get);
    private final List<BtfType.Member> members = new ArrayList<>();
    private long endBits;
    private long sizeBytes;
    private int alignment = 1;

    private Members(String name, boolean union) {
      this.name = name;
      this.union = union;
    }

    /** A member; one without a name is an anonymous struct or union. */
    public Members member(String member, int type) {
      return memberAt(member, type, union ? 0 : alignUp(endBytes(), layout.alignment(type)));
    }

    /** A member at a byte offset that is given. */
    public Members memberAt(String member, int type, long byteOffset) {
      return put(member, type, byteOffset * 8, 0);
    }

    /** A bit field; as in C it does not cross a boundary of its type. */
    public Members bitField(String member, int type, int bits) {
      long unit = layout.size(type) * 8;
      if (bits < 1 || bits > unit) {
        throw new IllegalArgumentException(
            "%s.%s: %d bits of a type of %d".formatted(name, member, bits, unit));
      }
      long at = union ? 0 : endBits;
      boolean crosses = at / unit != (at + bits - 1) / unit;
      return put(member, type, crosses ? alignUp(at, (int) unit) : at, bits);
    }

    /** The size, where it is more than the members need: what is behind them has no name. */
    public Members size(int bytes) {
      sizeBytes = bytes;
      return this;
    }

    private Members put(String member, int type, long bitOffset, int bits) {
      members.add(new BtfType.Member(member, type, toInt(bitOffset, name), bits));
      endBits = Math.max(endBits, bitOffset + (bits == 0 ? layout.size(type) * 8 : bits));
      alignment = Math.max(alignment, layout.alignment(type));
      return this;
    }

    private long endBytes() {
      return (endBits + 7) / 8;
    }

    private BtfType.Composite composite() {
      long size = sizeBytes == 0 ? alignUp(endBytes(), alignment) : sizeBytes;
      if (size < endBytes()) {
        throw new IllegalArgumentException(
            "%s: %d bytes are less than its members' %d".formatted(name, size, endBytes()));
      }
      return new BtfType.Composite(name, union, toInt(size, name), members);
    }
  }

  private static long alignUp(long value, int alignment) {
    return Math.ceilDiv(value, (long) alignment) * alignment;
  }

  private static int toInt(long value, String name) {
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("%s: it is beyond 2 GiB".formatted(name));
    }
    return (int) value;
  }
}
