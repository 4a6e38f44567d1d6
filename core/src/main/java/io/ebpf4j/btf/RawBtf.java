package io.ebpf4j.btf;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A .BTF section as it lies in the file, and where each of its types starts. The constructor checks
 * the header and that each type lies within the section; {@link BtfCheck} does the rest.
 */
final class RawBtf {
  static final int MAGIC = 0xeb9f;
  static final int VERSION = 1;
  static final int HEADER_BYTES = 24;

  /** Bytes that each type starts with: name, info, size or type. */
  static final int COMMON_BYTES = 12;

  private static final int INFO_BITS = 0x9f00_ffff;
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  final byte[] bytes;
  private final int stringStart;
  private final int stringLength;
  private final int[] offsets;
  private final int count;

  /** Keeps the array. */
  RawBtf(byte[] bytes) {
    this.bytes = bytes;
    int headerLength = checkHeader(bytes, ".BTF", HEADER_BYTES, HEADER_BYTES);
    long typeStart = headerLength + u32(8);
    long typeEnd = typeStart + u32(12);
    long stringsAt = headerLength + u32(16);
    long stringsEnd = stringsAt + u32(20);
    if (typeStart % 4 != 0) {
      throw new BtfFormatException(
          ".BTF header: the types start at byte %d, which is no multiple of 4"
              .formatted(typeStart));
    }
    if (typeEnd > stringsAt || stringsEnd > bytes.length) {
      throw new BtfFormatException(
          ".BTF header: types at bytes %d to %d and strings at %d to %d do not fit, in this order, into the %d bytes of the section"
              .formatted(typeStart, typeEnd, stringsAt, stringsEnd, bytes.length));
    }
    stringStart = (int) stringsAt;
    stringLength = (int) (stringsEnd - stringsAt);
    if (stringLength == 0
        || bytes[stringStart] != 0
        || bytes[stringStart + stringLength - 1] != 0) {
      throw new BtfFormatException(
          ".BTF strings at byte %d: they must start and end with a zero byte"
              .formatted(stringStart));
    }
    int[] found = new int[16];
    int next = 1;
    for (int at = (int) typeStart; at < typeEnd; next++) {
      if (next == found.length) {
        found = Arrays.copyOf(found, next * 2);
      }
      found[next] = at;
      at += typeBytes(next, at, (int) typeEnd);
    }
    offsets = found;
    count = next;
  }

  /**
   * Checks what .BTF and .BTF.ext have in common: magic, version, flags, and a header that is
   * complete and whose unknown part is zero.
   *
   * @param least the length of the oldest header
   * @param known the length of the newest header that is known
   * @return the header's length
   */
  static int checkHeader(byte[] bytes, String section, int least, int known) {
    if (bytes.length < 8) {
      throw new BtfFormatException(
          "%s: %d bytes are too few for a header".formatted(section, bytes.length));
    }
    int magic = (bytes[0] & 0xff) | (bytes[1] & 0xff) << 8;
    if (magic == 0x9feb) {
      throw new BtfFormatException(
          section + ": big-endian BTF is not supported, compile with clang -target bpfel");
    }
    if (magic != MAGIC) {
      throw new BtfFormatException(
          "%s: the section starts with 0x%04x, not with BTF's magic 0xeb9f"
              .formatted(section, magic));
    }
    if (bytes[2] != VERSION) {
      throw new BtfFormatException(
          "%s: version %d is unknown, only 1 is".formatted(section, bytes[2] & 0xff));
    }
    if (bytes[3] != 0) {
      throw new BtfFormatException(
          "%s: flags 0x%02x are unknown, they must be 0".formatted(section, bytes[3] & 0xff));
    }
    long length = Integer.toUnsignedLong((int) INT.get(bytes, 4));
    if (length < least || length > bytes.length) {
      throw new BtfFormatException(
          "%s: the header says it is %d bytes long, but it has at least %d and the section %d"
              .formatted(section, length, least, bytes.length));
    }
    for (int at = known; at < length; at++) {
      if (bytes[at] != 0) {
        throw new BtfFormatException(
            "%s: byte %d of the header is unknown and not zero".formatted(section, at));
      }
    }
    return (int) length;
  }

  private int typeBytes(int id, int at, int end) {
    if (end - at < COMMON_BYTES) {
      throw new BtfFormatException(
          "type %d at byte %d: the types end at byte %d, in the middle of it"
              .formatted(id, at, end));
    }
    int info = i32(at + 4);
    int number = info >>> 24 & 0x1f;
    if (number == 0 || number >= BtfKind.count()) {
      throw new BtfFormatException(
          "type %d at byte %d: kind %d is unknown, the last that is known is 19 (ENUM64)"
              .formatted(id, at, number));
    }
    if ((info & ~INFO_BITS) != 0) {
      throw new BtfFormatException(
          "type %d at byte %d: unused bits of its info 0x%08x are set".formatted(id, at, info));
    }
    BtfKind kind = BtfKind.of(number);
    int length = COMMON_BYTES + kind.fixedBytes + (info & 0xffff) * kind.entryBytes;
    if (end - at < length) {
      throw new BtfFormatException(
          "type %d (%s) at byte %d: its %d bytes go past the end of the types at byte %d"
              .formatted(id, kind, at, length, end));
    }
    return length;
  }

  /** The number of types, {@code void} counted. */
  int count() {
    return count;
  }

  /** Where the type starts. */
  int offset(int id) {
    return offsets[id];
  }

  /** Where what follows the common part starts. */
  int body(int id) {
    return offsets[id] + COMMON_BYTES;
  }

  BtfKind kind(int id) {
    return id == 0 ? BtfKind.VOID : BtfKind.of(i32(offsets[id] + 4) >>> 24 & 0x1f);
  }

  boolean kindFlag(int id) {
    return i32(offsets[id] + 4) < 0;
  }

  /** The number of entries; a function's linkage. */
  int entries(int id) {
    return i32(offsets[id] + 4) & 0xffff;
  }

  int nameOffset(int id) {
    return id == 0 ? 0 : i32(offsets[id]);
  }

  String name(int id) {
    return string(nameOffset(id));
  }

  /** The third word: a size in bytes or the type that this one refers to. */
  int sizeOrType(int id) {
    return i32(offsets[id] + 8);
  }

  int i32(int at) {
    return (int) INT.get(bytes, at);
  }

  long u32(int at) {
    return Integer.toUnsignedLong(i32(at));
  }

  /** Where the strings start in the section. */
  int stringStart() {
    return stringStart;
  }

  /** Bytes of the strings, the last zero counted. */
  int stringLength() {
    return stringLength;
  }

  /** The bytes of the string at that offset, at most {@code limit} + 1, or -1 outside. */
  int stringBytes(int offset, int limit) {
    if (offset < 0 || offset >= stringLength) {
      return -1;
    }
    int start = stringStart + offset;
    int at = start;
    while (bytes[at] != 0 && at - start <= limit) {
      at++;
    }
    return at - start;
  }

  /** The string at an offset that was checked. */
  String string(int offset) {
    if (offset == 0) {
      return "";
    }
    int length = stringBytes(offset, stringLength);
    return new String(bytes, stringStart + offset, length, StandardCharsets.UTF_8);
  }
}
