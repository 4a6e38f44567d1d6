package io.ebpf4j.jvm.context;

import io.ebpf4j.jvm.memory.Memory;
import java.util.List;
import java.util.Optional;

/**
 * A program type's context: what the program sees ({@code struct xdp_md}) and where each field
 * really is. A run has one block of raw memory; the program's R1 is its address. The visible struct
 * is the first {@code visibleSize} bytes of it, but only its offsets count: an access to a field is
 * a load or store of the real field at {@code base + realOffset}, behind the visible part.
 *
 * @param struct the C name, without {@code struct}
 * @param visibleSize bytes of the struct that programs see, at most
 * @param blockSize bytes of the whole block
 * @param sizeOffset where an int in the block says how many bytes this run's context has, or {@link
 *     #WHOLE} where every run has {@code visibleSize}
 * @param fields what may be accessed, by offset
 * @param pointees memory that pointers in the block lead to
 */
public record ContextLayout(
    String struct,
    int visibleSize,
    int blockSize,
    int sizeOffset,
    List<Field> fields,
    List<Pointee> pointees) {
  /** Every run's context has {@code visibleSize} bytes. */
  public static final int WHOLE = 0;

  /** Copies the lists. */
  public ContextLayout {
    fields = List.copyOf(fields);
    pointees = List.copyOf(pointees);
  }

  /** A context without pointers to other memory than a packet. */
  public ContextLayout(
      String struct, int visibleSize, int blockSize, int sizeOffset, List<Field> fields) {
    this(struct, visibleSize, blockSize, sizeOffset, fields, List.of());
  }

  /** A context of one size. */
  public ContextLayout(String struct, int visibleSize, int blockSize, List<Field> fields) {
    this(struct, visibleSize, blockSize, WHOLE, fields);
  }

  /** What a field's value is. */
  public enum Kind {
    /** A number. */
    SCALAR,
    /** The start of the packet: 4 bytes to see, 8 in truth. */
    PACKET,
    /** The end of the packet. */
    PACKET_END,
    /** The start of the metadata before the packet. */
    PACKET_META,
    /** A pointer to a structure of the kernel, whose type the context's own BTF type names. */
    OBJECT,
    /** A pointer to memory of the kernel, or NULL. */
    BUFFER_OR_NULL,
    /** The same, but programs only read it. */
    READ_ONLY_BUFFER_OR_NULL,
    /** A full socket. */
    SOCKET,
    /** A full socket, or NULL. */
    SOCKET_OR_NULL,
    /** A socket of any kind, or NULL. */
    SOCK_COMMON_OR_NULL,
    /** What a flow dissector fills. */
    FLOW_KEYS,
    /** The buffer of a writable raw tracepoint. */
    TRACEPOINT_BUFFER
  }

  /** How much of a field one access may touch. */
  public enum Access {
    /** All of it, no less. */
    WHOLE,
    /** Aligned parts are loaded too; a store is of all of it. */
    PARTS_LOADED,
    /** It is an array of bytes: any aligned access within it. */
    BYTES,
    /** Parts are loaded from its start alone. */
    FIRST_PARTS,
    /** It is an array of words: aligned parts are loaded; a store is of a word or of two. */
    WORDS,
    /** Its halves are loaded too. */
    HALVES,
    /** Two bytes that are loaded as four too, and each of them. */
    PORT,
    /** Aligned parts behind its start are loaded. */
    LATER_PARTS,
    /** Parts at any place. */
    ANYWHERE
  }

  /**
   * A field.
   *
   * @param name its C name
   * @param offset bytes from the start, as the program sees it
   * @param size bytes that the program sees
   * @param kind what it is
   * @param access how much of it one access may touch
   * @param writable whether programs may store it
   * @param realOffset where it is in the block
   * @param realSize bytes that it has there: a wider real field is cut, a narrower one
   *     zero-extended; the same as {@code size} where access is {@link Access#BYTES}
   */
  public record Field(
      String name,
      int offset,
      int size,
      Kind kind,
      Access access,
      boolean writable,
      int realOffset,
      int realSize) {
    /** A field of which aligned parts are loaded if it is a number. */
    public Field(
        String name,
        int offset,
        int size,
        Kind kind,
        boolean writable,
        int realOffset,
        int realSize) {
      this(
          name,
          offset,
          size,
          kind,
          kind == Kind.SCALAR ? Access.PARTS_LOADED : Access.WHOLE,
          writable,
          realOffset,
          realSize);
    }

    /** A pointer that this kernel verifies and does not have. */
    public static Field unbuilt(String name, int offset, Kind kind) {
      return new Field(name, offset, Long.BYTES, kind, Access.WHOLE, false, 0, 0);
    }

    /** Whether a run has it. */
    public boolean isBuilt() {
      return realSize != 0;
    }

    /** Whether a program may load {@code bytes} there. */
    public boolean loads(long at, int bytes) {
      return switch (access) {
        case WHOLE -> at == offset && bytes == size;
        case PARTS_LOADED, BYTES, WORDS -> holds(at, bytes);
        case FIRST_PARTS -> at == offset && bytes <= size;
        case HALVES -> holds(at, bytes) && bytes >= size / 2;
        case PORT -> at == offset && bytes <= size || at == offset + 1 && bytes == 1;
        case LATER_PARTS -> holds(at, bytes) && at > offset;
        case ANYWHERE -> at >= offset && at + bytes <= offset + size;
      };
    }

    /** Whether a program may store {@code bytes} there. */
    public boolean stores(long at, int bytes) {
      return writable
          && switch (access) {
            case BYTES -> holds(at, bytes);
            case WORDS -> holds(at, bytes) && bytes >= Integer.BYTES;
            default -> at == offset && bytes == size;
          };
    }

    private boolean holds(long at, int bytes) {
      return at >= offset && at + bytes <= offset + size && at % bytes == 0;
    }
  }

  /**
   * Memory that a run may use because the context points to it.
   *
   * @param name what a message calls it
   * @param pointerOffset where its address is in the block; there may be 0, which is no memory
   * @param sizeOffset where an int in the block says how many bytes it has
   * @param writable whether programs may store there
   */
  public record Pointee(String name, int pointerOffset, int sizeOffset, boolean writable) {}

  /** The field in which an access lies whole, if any. */
  public Optional<Field> fieldAt(int offset, int size) {
    return fields.stream()
        .filter(f -> offset >= f.offset() && offset + size <= f.offset() + f.size())
        .findFirst();
  }

  /** The field that a load reads, or a part of it, if it may. */
  public Optional<Field> loadedField(int offset, int size) {
    return fields.stream().filter(field -> field.loads(offset, size)).findFirst();
  }

  /** The field that a store writes, if it may. */
  public Optional<Field> storedField(int offset, int size) {
    return fields.stream().filter(field -> field.stores(offset, size)).findFirst();
  }

  /** Bytes that the program may see of the context at an address; none at 0. */
  public int visibleBytes(long context) {
    if (context == 0) {
      return 0;
    }
    return sizeOffset == WHOLE ? visibleSize : Memory.getInt(context + sizeOffset);
  }

  /** Whether the context is plain memory, which programs may change and hand to helpers. */
  public boolean isMemory() {
    return fields.stream()
        .anyMatch(f -> f.access() == Access.BYTES && f.writable() && f.size() == visibleSize);
  }
}
