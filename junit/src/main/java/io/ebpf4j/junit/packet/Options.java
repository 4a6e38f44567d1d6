package io.ebpf4j.junit.packet;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.BiFunction;

/** What IPv4 and TCP options have in common: a kind, and behind all but two kinds a length. */
final class Options {
  static final int END = 0;
  static final int NO_OPERATION = 1;

  private Options() {}

  /** The options and one more, with its length. */
  static Bytes with(Bytes options, int kind, Bytes data) {
    return options.then((byte) kind, (byte) (data.length() + 2)).then(data.toArray());
  }

  /** The options in words; what is malformed, and what stands behind the end, in hexadecimal. */
  static String described(Bytes options, BiFunction<Integer, byte[], String> word) {
    byte[] bytes = options.toArray();
    List<String> words = new ArrayList<>();
    int at = 0;
    while (at < bytes.length) {
      int kind = bytes[at] & 0xff;
      int length = kind <= NO_OPERATION ? 1 : at + 1 < bytes.length ? bytes[at + 1] & 0xff : 0;
      if (kind == END || length == 0 || at + length > bytes.length || (kind > 1 && length < 2)) {
        words.add(
            (kind == END ? "end " : "malformed ")
                + HexFormat.of().formatHex(bytes, at, bytes.length));
        break;
      }
      byte[] data = Arrays.copyOfRange(bytes, Math.min(at + 2, at + length), at + length);
      words.add(kind == NO_OPERATION ? "no operation" : word.apply(kind, data));
      at += length;
    }
    return words.isEmpty() ? "none" : String.join(", ", words);
  }

  static String unknown(int kind, byte[] data) {
    return "kind %d %s".formatted(kind, HexFormat.of().formatHex(data)).strip();
  }
}
