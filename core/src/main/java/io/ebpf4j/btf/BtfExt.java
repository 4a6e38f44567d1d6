package io.ebpf4j.btf;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a .BTF.ext section says of the instructions of an object's sections: functions, source lines
 * and CO-RE relocations. Records are by section name, in the order of the file; byte offsets are
 * those of the instruction in its section, multiples of 8.
 */
public final class BtfExt {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private static final int LEAST_HEADER_BYTES = 24;
  private static final int HEADER_BYTES = 32;
  private static final int INSTRUCTION_BYTES = 8;

  /** Overlapping strings let a small file name far more text than it holds. */
  private static final int MAX_TEXT_FACTOR = 8;

  private final byte[] bytes;
  private final int headerLength;
  private final Btf btf;
  private final Map<Integer, String> strings = new HashMap<>();
  private long textLeft;

  private final Map<String, List<FunctionRecord>> functions;
  private final Map<String, List<LineRecord>> lines;
  private final Map<String, List<CoreRecord>> relocations;

  private BtfExt(byte[] bytes, Btf btf) {
    this.bytes = bytes;
    this.btf = btf;
    this.textLeft = (long) MAX_TEXT_FACTOR * btf.raw().stringLength();
    headerLength = RawBtf.checkHeader(bytes, ".BTF.ext", LEAST_HEADER_BYTES, HEADER_BYTES);
    functions = read(8, "func_info", 8, this::function);
    lines = read(16, "line_info", 16, this::line);
    relocations =
        headerLength < HEADER_BYTES ? Map.of() : read(24, "core_relo", 16, this::relocation);
    strings.clear();
  }

  /**
   * Reads a .BTF.ext section.
   *
   * @param btf the types of the .BTF section beside it, as parsed: the records name its strings
   * @throws BtfFormatException where it is no .BTF.ext section, or names what there is not
   */
  public static BtfExt parse(byte[] section, Btf btf) {
    return new BtfExt(section.clone(), btf);
  }

  /** The functions of a section: each starts at its record's instruction. */
  public List<FunctionRecord> functions(String section) {
    return functions.getOrDefault(section, List.of());
  }

  /** The source lines of a section: each holds up to the next record's instruction. */
  public List<LineRecord> lines(String section) {
    return lines.getOrDefault(section, List.of());
  }

  /** The CO-RE relocations of a section. */
  public List<CoreRecord> relocations(String section) {
    return relocations.getOrDefault(section, List.of());
  }

  /** A function: {@code typeId} is a {@link BtfType.Function}. */
  public record FunctionRecord(String section, int byteOffset, int typeId) {}

  /** A source line; {@code line} and {@code column} count from 1, 0 is unknown. */
  public record LineRecord(
      String section, int byteOffset, String fileName, String lineText, int line, int column) {}

  /**
   * A CO-RE relocation of one instruction.
   *
   * @param typeId the type in the object's BTF
   * @param access what of it: the indices of members and elements, {@code "0:1:2"}; an enumerator's
   *     index; {@code "0"} for the type itself
   */
  public record CoreRecord(
      String section, int byteOffset, int typeId, String access, CoreKind kind) {}

  /** What a CO-RE relocation puts into its instruction, by number in the UAPI header. */
  public enum CoreKind {
    FIELD_BYTE_OFFSET,
    FIELD_BYTE_SIZE,
    FIELD_EXISTS,
    FIELD_SIGNED,
    FIELD_LSHIFT_U64,
    FIELD_RSHIFT_U64,
    TYPE_ID_LOCAL,
    TYPE_ID_TARGET,
    TYPE_EXISTS,
    TYPE_SIZE,
    ENUMVAL_EXISTS,
    ENUMVAL_VALUE,
    TYPE_MATCHES
  }

  private interface RecordReader<T> {
    T read(String section, int at, String part);
  }

  private <T> Map<String, List<T>> read(
      int headerAt, String part, int knownBytes, RecordReader<T> reader) {
    long start = headerLength + u32(headerAt);
    long end = start + u32(headerAt + 4);
    if (u32(headerAt + 4) == 0) {
      return Map.of();
    }
    if (start % 4 != 0 || end > bytes.length || end - start < 4) {
      throw wrong(
          part,
          start,
          "its end %d is not within the %d bytes of the section, or it is not aligned to 4"
              .formatted(end, bytes.length));
    }
    long recordBytes = u32((int) start);
    if (recordBytes < knownBytes || recordBytes % 4 != 0) {
      throw wrong(
          part,
          start,
          "records of %d bytes; they have at least %d, and a multiple of 4"
              .formatted(recordBytes, knownBytes));
    }
    Map<String, List<T>> bySection = new HashMap<>();
    long at = start + 4;
    while (at < end) {
      if (end - at < 8) {
        throw cutOff(part, at, end);
      }
      String section = string((int) at, part);
      long count = u32((int) at + 4);
      if (count == 0 || section.isEmpty()) {
        throw wrong(part, at, "a section needs a name and records");
      }
      at += 8;
      if (count > (end - at) / recordBytes) {
        throw cutOff(part, at, end);
      }
      List<T> records = bySection.computeIfAbsent(section, _ -> new ArrayList<>());
      for (long i = 0; i < count; i++, at += recordBytes) {
        records.add(reader.read(section, (int) at, part));
      }
    }
    bySection.replaceAll((_, records) -> Collections.unmodifiableList(records));
    return bySection;
  }

  private FunctionRecord function(String section, int at, String part) {
    int type = type(at, part);
    if (btf.kind(type) != BtfKind.FUNC) {
      throw wrong(part, at, "type %d is a %s, not a FUNC".formatted(type, btf.kind(type)));
    }
    return new FunctionRecord(section, instruction(at, part), type);
  }

  private LineRecord line(String section, int at, String part) {
    int place = i32(at + 12);
    return new LineRecord(
        section,
        instruction(at, part),
        string(at + 4, part),
        string(at + 8, part),
        place >>> 10,
        place & 0x3ff);
  }

  private CoreRecord relocation(String section, int at, String part) {
    long kind = u32(at + 12);
    CoreKind[] kinds = CoreKind.values();
    if (kind >= kinds.length) {
      throw wrong(part, at, "CO-RE relocation kind %d is unknown".formatted(kind));
    }
    return new CoreRecord(
        section, instruction(at, part), type(at, part), string(at + 8, part), kinds[(int) kind]);
  }

  private int type(int at, String part) {
    long type = u32(at + 4);
    if (type >= btf.size()) {
      throw wrong(
          part,
          at,
          "it names type %d, but there are only %d types".formatted(type, btf.size() - 1));
    }
    return (int) type;
  }

  private int instruction(int at, String part) {
    long offset = u32(at);
    if (offset > Integer.MAX_VALUE || offset % INSTRUCTION_BYTES != 0) {
      throw wrong(part, at, "no instruction starts at byte %d of a section".formatted(offset));
    }
    return (int) offset;
  }

  private String string(int at, String part) {
    long offset = u32(at);
    if (offset >= btf.raw().stringLength()) {
      throw wrong(
          part,
          at,
          "offset %d is outside the strings of .BTF, which are %d bytes"
              .formatted(offset, btf.raw().stringLength()));
    }
    return strings.computeIfAbsent(
        (int) offset,
        from -> {
          String text = btf.raw().string(from);
          textLeft -= text.length();
          if (textLeft < 0) {
            throw wrong(part, at, "the strings of the records overlap too much");
          }
          return text;
        });
  }

  private static BtfFormatException cutOff(String part, long at, long end) {
    return wrong(part, at, "its records go past its end at byte %d".formatted(end));
  }

  private static BtfFormatException wrong(String part, long at, String why) {
    return new BtfFormatException(".BTF.ext %s at byte %d: %s".formatted(part, at, why));
  }

  private int i32(int at) {
    return (int) INT.get(bytes, at);
  }

  private long u32(int at) {
    return Integer.toUnsignedLong(i32(at));
  }
}
