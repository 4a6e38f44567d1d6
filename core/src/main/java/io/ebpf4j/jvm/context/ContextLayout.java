package io.ebpf4j.jvm.context;

import java.util.List;
import java.util.Optional;

/**
 * A program type's context: what the program sees ({@code struct xdp_md}) and where each field
 * really is. A run has one block of raw memory; the program's R1 is its address. The visible struct
 * is the first {@code visibleSize} bytes of it, but only its offsets count: an access to a field is
 * a load or store of the real field at {@code base + realOffset}, behind the visible part.
 *
 * @param struct the C name, without {@code struct}
 * @param visibleSize bytes of the struct that programs see
 * @param blockSize bytes of the whole block
 * @param fields what may be accessed, by offset
 */
public record ContextLayout(String struct, int visibleSize, int blockSize, List<Field> fields) {
  /** Copies the list. */
  public ContextLayout {
    fields = List.copyOf(fields);
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
    PACKET_META
  }

  /**
   * A field.
   *
   * @param name its C name
   * @param offset bytes from the start, as the program sees it
   * @param size bytes that the program sees; a scalar may be read in aligned parts too
   * @param kind what it is
   * @param writable whether programs may store it
   * @param realOffset where it is in the block
   * @param realSize bytes that it has there: a wider real field is cut, a narrower one
   *     zero-extended
   */
  public record Field(
      String name,
      int offset,
      int size,
      Kind kind,
      boolean writable,
      int realOffset,
      int realSize) {}

  /** The field in which an access lies whole, if any. */
  public Optional<Field> fieldAt(int offset, int size) {
    return fields.stream()
        .filter(f -> offset >= f.offset() && offset + size <= f.offset() + f.size())
        .findFirst();
  }
}
