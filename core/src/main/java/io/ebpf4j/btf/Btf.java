package io.ebpf4j.btf;

import java.nio.ByteBuffer;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A set of types, numbered from 1; number 0 is {@code void}. It is checked when it is made: each
 * name and reference exists, and no type contains itself. It holds the section's bytes and makes a
 * type's record when it is asked for, since a kernel's BTF has a hundred thousand. It does not
 * change; all methods may be called from any thread.
 */
public final class Btf {
  private final RawBtf raw;
  private final int[] sizes;
  private final BtfDecoder decoder;

  /** Filled on demand and without a lock: records of final fields, all equal for one id. */
  private final @Nullable BtfType[] types;

  private volatile @Nullable BtfIndex index;

  /**
   * The types with these numbers; the first is {@link BtfType.VoidType}.
   *
   * @throws IllegalArgumentException where a type cannot be encoded
   * @throws BtfFormatException where they contradict each other
   */
  public Btf(List<BtfType> types) {
    this(new RawBtf(BtfEncoder.encode(types)));
  }

  private Btf(RawBtf raw) {
    this.raw = raw;
    this.sizes = BtfCheck.sizes(raw);
    this.decoder = new BtfDecoder(raw);
    this.types = new BtfType[raw.count()];
  }

  /**
   * Reads a .BTF section, of an object file or of {@code /sys/kernel/btf/vmlinux}. BTF that is
   * split from a base is not supported.
   *
   * @throws BtfFormatException where it is not BTF, or contradicts itself
   */
  public static Btf parse(byte[] section) {
    return new Btf(new RawBtf(section.clone()));
  }

  /** Reads what remains of the buffer, whose position does not change; see {@link #parse}. */
  public static Btf parse(ByteBuffer section) {
    byte[] bytes = new byte[section.remaining()];
    section.duplicate().get(bytes);
    return new Btf(new RawBtf(bytes));
  }

  /**
   * The .BTF section of these types: the bytes that were parsed, or for types that were given as a
   * list, as the kernel takes them with {@code BPF_BTF_LOAD}.
   */
  public byte[] encode() {
    return raw.bytes.clone();
  }

  /** The number of types, {@code void} counted. */
  public int size() {
    return raw.count();
  }

  /**
   * The type with that id.
   *
   * @throws IndexOutOfBoundsException where there is none
   */
  public BtfType type(int id) {
    @Nullable BtfType known = types[id];
    if (known == null) {
      known = decoder.decode(id);
      types[id] = known;
    }
    return known;
  }

  /** All types by id, as a view: to copy, change, and make another {@code Btf} of. */
  public List<BtfType> types() {
    return new AbstractList<>() {
      @Override
      public BtfType get(int id) {
        return type(id);
      }

      @Override
      public int size() {
        return Btf.this.size();
      }
    };
  }

  /** The kind of a type, without making its record. */
  public BtfKind kind(int id) {
    checkId(id);
    return raw.kind(id);
  }

  /** The name of a type, empty for an anonymous one. */
  public String name(int id) {
    checkId(id);
    return raw.name(id);
  }

  /** The first type with that name and kind. */
  public OptionalInt find(String name, BtfKind kind) {
    for (int id : findAll(name)) {
      if (raw.kind(id) == kind) {
        return OptionalInt.of(id);
      }
    }
    return OptionalInt.empty();
  }

  /** All types with that name, of any kind, in the order of their ids. */
  public List<Integer> findAll(String name) {
    List<Integer> found = new ArrayList<>();
    for (int id : findEssential(essentialName(name))) {
      if (raw.name(id).equals(name)) {
        found.add(id);
      }
    }
    return found;
  }

  /**
   * All types whose {@link #essentialName} is this one, in the order of their ids: the candidates
   * of a CO-RE relocation.
   */
  public List<Integer> findEssential(String essentialName) {
    @Nullable BtfIndex built = index;
    if (built == null) {
      built = new BtfIndex(raw);
      index = built;
    }
    return built.find(essentialName);
  }

  /**
   * The name without its flavor: {@code task_struct} of {@code task_struct___old}, as CO-RE
   * compares names.
   */
  public static String essentialName(String name) {
    for (int at = name.length() - 5; at >= 0; at--) {
      if (name.startsWith("___", at + 1) && name.charAt(at) != '_' && name.charAt(at + 4) != '_') {
        return name.substring(0, at + 1);
      }
    }
    return name;
  }

  /** The type behind typedefs, qualifiers and type tags. */
  public int strip(int id) {
    checkId(id);
    int at = id;
    while (raw.kind(at).isTransparent()) {
      at = raw.sizeOrType(at);
    }
    return at;
  }

  /** The record of the type behind typedefs, qualifiers and type tags. */
  public BtfType stripped(int id) {
    return type(strip(id));
  }

  /** Whether the type has a size: void, functions and forward declarations have none. */
  public boolean hasSize(int id) {
    checkId(id);
    return sizes[id] != BtfCheck.NO_SIZE;
  }

  /**
   * The size of a value of the type in bytes; a variable's is its type's, a pointer's 8.
   *
   * @throws IllegalArgumentException where the type {@linkplain #hasSize has no size}
   */
  public int sizeOf(int id) {
    if (!hasSize(id)) {
      throw new IllegalArgumentException("type %d, %s, has no size".formatted(id, typeName(id)));
    }
    return sizes[id];
  }

  /**
   * The alignment that C gives the type, in bytes: at most 8; 1 for a struct whose layout shows
   * that it is packed.
   *
   * @throws IllegalArgumentException where the type {@linkplain #hasSize has no size}
   */
  public int alignmentOf(int id) {
    sizeOf(id);
    return new BtfLayout(this::type).alignment(id);
  }

  /**
   * The member of a struct or union that a path names: {@code "a"}, {@code "a.b"}, {@code
   * "a[2].b"}. Members of anonymous structs and unions are named as in C, as if they were the outer
   * struct's own.
   *
   * @return the member's place counted from the struct's start, or empty where there is none
   */
  public Optional<MemberPlace> member(int id, String path) {
    return new MemberPath(this, path).find(id);
  }

  /**
   * A member's place.
   *
   * @param type its type's id
   * @param bitOffset in bits from the start of the outermost struct
   * @param bitFieldSize its width in bits where it is a bit field, else 0
   */
  public record MemberPlace(int type, long bitOffset, int bitFieldSize) {}

  /** The type as C writes it without a name: {@code struct foo *}, {@code int (*)(void *)}. */
  public String typeName(int id) {
    checkId(id);
    return new TypeName(this).of(id);
  }

  /** The section as it lies in memory; .BTF.ext refers to its strings. */
  RawBtf raw() {
    return raw;
  }

  private void checkId(int id) {
    if (id < 0 || id >= raw.count()) {
      throw new IndexOutOfBoundsException(
          "type %d of %d types does not exist".formatted(id, raw.count()));
    }
  }
}
