package io.ebpf4j.object;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Writes small eBPF objects, so that a test can have what no compiler writes. */
final class ElfBuilder {
  static final int PROGBITS = 1;
  static final int NOBITS = 8;
  static final long CODE = 6;
  static final long DATA = 3;

  private static final int HEADER = 64;
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final List<Section> sections = new ArrayList<>();
  private final List<Symbol> symbols = new ArrayList<>();

  private record Section(
      String name, int type, long flags, ByteBuffer bytes, long size, List<long[]> relocations) {}

  private record Symbol(
      String name, int info, int section, long value, long size, int visibility) {}

  ElfBuilder() {
    sections.add(new Section("", 0, 0, NOTHING, 0, new ArrayList<>()));
    symbols.add(new Symbol("", 0, 0, 0, 0, 0));
  }

  /** Adds a section and returns its number. */
  int section(String name, long flags, byte[] bytes) {
    sections.add(
        new Section(
            name, PROGBITS, flags, ByteBuffer.wrap(bytes), bytes.length, new ArrayList<>()));
    return sections.size() - 1;
  }

  int code(String name, long... slots) {
    ByteBuffer bytes = ByteBuffer.allocate(slots.length * 8).order(ByteOrder.LITTLE_ENDIAN);
    for (long slot : slots) {
      bytes.putLong(slot);
    }
    return section(name, CODE, bytes.array());
  }

  int zeros(String name, long size) {
    sections.add(new Section(name, NOBITS, DATA, NOTHING, size, new ArrayList<>()));
    return sections.size() - 1;
  }

  /** Adds a global function and returns its symbol's number. */
  int function(String name, int section, long value, long size) {
    return symbol(name, 0x12, section, value, size);
  }

  int symbol(String name, int info, int section, long value, long size) {
    symbols.add(new Symbol(name, info, section, value, size, 0));
    return symbols.size() - 1;
  }

  ElfBuilder relocate(int section, long offset, int type, int symbol) {
    sections.get(section).relocations.add(new long[] {offset, type, symbol});
    return this;
  }

  byte[] build() {
    List<Section> all = new ArrayList<>(sections);
    int count = sections.size();
    int symbolTable = count + (int) sections.stream().filter(s -> !s.relocations.isEmpty()).count();
    ByteBuffer names = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
    names.put((byte) 0);
    ByteBuffer file = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer headers = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
    file.position(HEADER);
    for (Section section : all) {
      int offset = file.position();
      file.put(section.bytes.duplicate());
      header(headers, name(names, section.name), section, offset, 0, 0, 0);
    }
    for (int index = 0; index < count; index++) {
      Section section = sections.get(index);
      if (!section.relocations.isEmpty()) {
        int offset = file.position();
        for (long[] relocation : section.relocations) {
          file.putLong(relocation[0]).putInt((int) relocation[1]).putInt((int) relocation[2]);
        }
        Section table = table(".rel" + section.name, 9, file.position() - offset);
        header(headers, name(names, table.name), table, offset, symbolTable, index, 16);
      }
    }
    int symbolOffset = file.position();
    for (Symbol symbol : symbols) {
      file.putInt(name(names, symbol.name)).put((byte) symbol.info).put((byte) symbol.visibility);
      file.putShort((short) symbol.section).putLong(symbol.value).putLong(symbol.size);
    }
    Section table = table(".symtab", 2, file.position() - symbolOffset);
    header(headers, name(names, ".symtab"), table, symbolOffset, symbolTable + 1, 1, 24);
    int nameOfNames = name(names, ".strtab");
    int nameOffset = file.position();
    file.put(names.flip());
    header(
        headers,
        nameOfNames,
        table(".strtab", 3, file.position() - nameOffset),
        nameOffset,
        0,
        0,
        0);
    int headerOffset = file.position();
    file.put(headers.flip());
    int end = file.position();
    file.position(0);
    file.putInt(0x464c457f).putInt(0x00010102).putLong(0);
    file.putShort((short) 1).putShort((short) 247).putInt(1).putLong(0).putLong(0);
    file.putLong(headerOffset).putInt(0).putShort((short) HEADER).putShort((short) 0);
    file.putShort((short) 0).putShort((short) 64).putShort((short) (symbolTable + 2));
    file.putShort((short) (symbolTable + 1));
    byte[] bytes = new byte[end];
    file.get(0, bytes);
    return bytes;
  }

  private static Section table(String name, int type, long size) {
    return new Section(name, type, 0, NOTHING, size, List.of());
  }

  private static void header(
      ByteBuffer to, int name, Section section, long offset, int link, int info, long entry) {
    to.putInt(name).putInt(section.type).putLong(section.flags).putLong(0).putLong(offset);
    to.putLong(section.size).putInt(link).putInt(info).putLong(1).putLong(entry);
  }

  private static int name(ByteBuffer names, String name) {
    int offset = names.position();
    names.put(name.getBytes(StandardCharsets.UTF_8)).put((byte) 0);
    return name.isEmpty() ? 0 : offset;
  }
}
