package io.ebpf4j.jvm.context;

import io.ebpf4j.jvm.context.ContextLayout.Access;
import io.ebpf4j.jvm.context.ContextLayout.Field;
import io.ebpf4j.jvm.context.ContextLayout.Kind;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads layouts of contexts that no run has: only what programs see of them counts. A line is a
 * field: its name, with {@code [4]} behind it for so many of them, its offset, its size, what it
 * is, how much of it one access may touch, and {@code writable}. What is left out is a number of
 * which aligned parts are loaded. A field of one size in its pointers is touched whole.
 */
final class LayoutReader {
  private LayoutReader() {}

  /**
   * Reads a layout.
   *
   * @param struct the C name of the structure
   * @param size its size in bytes
   */
  static ContextLayout read(String struct, int size, String text) {
    List<Field> fields = new ArrayList<>();
    text.lines().filter(line -> !line.isBlank()).forEach(line -> read(line.strip(), fields));
    return new ContextLayout(struct, size, size, fields);
  }

  private static void read(String line, List<Field> fields) {
    String[] words = line.split("\\s+", -1);
    int bracket = words[0].indexOf('[');
    int count =
        bracket < 0 ? 1 : Integer.parseInt(words[0].substring(bracket + 1, words[0].length() - 1));
    int offset = Integer.parseInt(words[1]);
    int size = Integer.parseInt(words[2]);
    Kind kind = Kind.SCALAR;
    Access access = null;
    boolean writable = false;
    for (int i = 3; i < words.length; i++) {
      switch (words[i]) {
        case "writable" -> writable = true;
        case "whole" -> access = Access.WHOLE;
        case "first" -> access = Access.FIRST_PARTS;
        case "later" -> access = Access.LATER_PARTS;
        case "port" -> access = Access.PORT;
        case "halves" -> access = Access.HALVES;
        case "words" -> access = Access.WORDS;
        case "bytes" -> access = Access.BYTES;
        case "anywhere" -> access = Access.ANYWHERE;
        default -> kind = Kind.valueOf(words[i].toUpperCase(java.util.Locale.ROOT));
      }
    }
    if (access == null) {
      access = kind == Kind.SCALAR ? Access.PARTS_LOADED : Access.WHOLE;
    }
    String name = bracket < 0 ? words[0] : words[0].substring(0, bracket);
    for (int i = 0; i < count; i++) {
      int at = offset + i * size;
      fields.add(
          new Field(count == 1 ? name : name + i, at, size, kind, access, writable, at, size));
    }
  }
}
