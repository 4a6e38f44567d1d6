package io.ebpf4j.btf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The strings of a .BTF section, to which more may be added: line information names its files and
 * lines by their offset there. The types stay as they are. Not thread safe.
 */
public final class BtfStrings {
  private static final int STRINGS_LENGTH_AT = 20;

  private final byte[] before;
  private final ByteArrayOutputStream strings = new ByteArrayOutputStream();
  private final Map<String, Integer> offsets = new HashMap<>();

  /** The strings that the types have already. */
  public BtfStrings(Btf types) {
    RawBtf raw = types.raw();
    before = Arrays.copyOf(raw.bytes, raw.stringStart());
    strings.write(raw.bytes, raw.stringStart(), raw.stringLength());
    for (int at = 0; at < raw.stringLength(); ) {
      int length = raw.stringBytes(at, raw.stringLength());
      offsets.putIfAbsent(raw.string(at), at);
      at += length + 1;
    }
  }

  /**
   * The offset of a string, which is added where it is new. A zero character ends the string, as it
   * would in the section.
   */
  public int offset(String string) {
    int end = string.indexOf(0);
    String text = end < 0 ? string : string.substring(0, end);
    @Nullable Integer known = offsets.get(text);
    if (known != null) {
      return known;
    }
    int offset = strings.size();
    strings.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    strings.write(0);
    offsets.put(text, offset);
    return offset;
  }

  /** The .BTF section with all strings. */
  public byte[] section() {
    byte[] section = Arrays.copyOf(before, before.length + strings.size());
    System.arraycopy(strings.toByteArray(), 0, section, before.length, strings.size());
    ByteBuffer.wrap(section)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(STRINGS_LENGTH_AT, strings.size());
    return section;
  }
}
