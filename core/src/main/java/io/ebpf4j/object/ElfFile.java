package io.ebpf4j.object;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The sections, symbols and relocations of a 64-bit little-endian eBPF relocatable. Every offset
 * and size is checked against the file before anything is allocated, and sections do not overlap,
 * so that all that is read together is never larger than the file.
 */
final class ElfFile {
  static final int SHN_UNDEF = 0;
  static final int SHN_ABS = 0xfff1;
  static final int SHN_COMMON = 0xfff2;

  static final int STT_NOTYPE = 0;
  static final int STT_OBJECT = 1;
  static final int STT_FUNC = 2;
  static final int STT_SECTION = 3;

  static final int STB_LOCAL = 0;
  static final int STB_WEAK = 2;

  static final int STV_INTERNAL = 1;
  static final int STV_HIDDEN = 2;

  static final int R_BPF_NONE = 0;
  static final int R_BPF_64_64 = 1;
  static final int R_BPF_64_ABS64 = 2;
  static final int R_BPF_64_ABS32 = 3;
  static final int R_BPF_64_NODYLD32 = 4;
  static final int R_BPF_64_32 = 10;

  private static final int HEADER_SIZE = 64;
  private static final int SECTION_HEADER_SIZE = 64;
  private static final int SYMBOL_SIZE = 24;
  private static final int RELOCATION_SIZE = 16;
  private static final int RELOCATION_WITH_ADDEND_SIZE = 24;

  // Names may share their bytes, so without a limit a small file could hold gigabytes of them.
  private static final int LONGEST_NAME = 1024;

  private static final int ET_REL = 1;
  private static final int EM_BPF = 247;

  private static final int SHT_NULL = 0;
  private static final int SHT_PROGBITS = 1;
  private static final int SHT_SYMTAB = 2;
  private static final int SHT_STRTAB = 3;
  private static final int SHT_RELA = 4;
  private static final int SHT_NOBITS = 8;
  private static final int SHT_REL = 9;

  private static final long SHF_EXECINSTR = 4;

  private static final String DEBUG = ".debug_";

  private static final int FIRST_RESERVED_SECTION = 0xff00;
  private static final int EXTENDED_SECTION_INDEX = 0xffff;

  private final String name;
  private final ByteBuffer file;
  private final List<Section> sections;
  private final Map<String, Section> sectionsByName = new HashMap<>();
  private final List<Symbol> symbols;
  private final Map<Integer, List<Symbol>> symbolsBySection = new HashMap<>();
  private final List<List<Relocation>> relocations;

  /**
   * A section.
   *
   * @param size bytes in the file, or in memory for one without contents ({@code .bss})
   */
  record Section(
      int index,
      String name,
      int type,
      long flags,
      long offset,
      long size,
      int link,
      int info,
      long entrySize) {

    /** Whether it holds bytes of the program. */
    boolean hasContents() {
      return type == SHT_PROGBITS;
    }

    /** Whether it is memory that begins as zeros. */
    boolean isZeros() {
      return type == SHT_NOBITS;
    }

    /** Whether it holds instructions. */
    boolean isCode() {
      return hasContents() && (flags & SHF_EXECINSTR) != 0;
    }

    private boolean isInFile() {
      return type != SHT_NULL && type != SHT_NOBITS && size > 0;
    }
  }

  /** A symbol; a section's own symbol carries the section's name. */
  record Symbol(
      int index,
      String name,
      int section,
      long value,
      long size,
      int type,
      int binding,
      int visibility) {

    boolean isExtern() {
      return section == SHN_UNDEF && index != 0;
    }

    boolean isFunction() {
      return type == STT_FUNC;
    }

    boolean isHidden() {
      return !isLocal() && (visibility == STV_HIDDEN || visibility == STV_INTERNAL);
    }

    boolean isLocal() {
      return binding == STB_LOCAL;
    }

    boolean isWeak() {
      return binding == STB_WEAK;
    }
  }

  /** What is to be put where; {@code addend} counts beside what stands there already. */
  record Relocation(long offset, int type, Symbol symbol, long addend) {}

  private ElfFile(String name, byte[] bytes) {
    this.name = name;
    this.file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asReadOnlyBuffer();
    this.file.order(ByteOrder.LITTLE_ENDIAN);
    checkHeader();
    this.sections = readSections();
    sections.forEach(section -> sectionsByName.putIfAbsent(section.name, section));
    checkOverlaps();
    this.symbols = readSymbols();
    for (Symbol symbol : symbols) {
      symbolsBySection.computeIfAbsent(symbol.section, _ -> new ArrayList<>()).add(symbol);
    }
    this.relocations = readRelocations();
  }

  /**
   * Reads a file.
   *
   * @param name what messages call it
   */
  static ElfFile parse(String name, byte[] bytes) {
    return new ElfFile(name, bytes);
  }

  /** All sections, the null section first, so that the index is the section's number. */
  List<Section> sections() {
    return sections;
  }

  /** The first section of that name. */
  Optional<Section> section(String sectionName) {
    return Optional.ofNullable(sectionsByName.get(sectionName));
  }

  /** All symbols, the null symbol first. */
  List<Symbol> symbols() {
    return symbols;
  }

  /** The symbols that lie in a section. */
  List<Symbol> symbols(Section section) {
    return symbolsBySection.getOrDefault(section.index, List.of());
  }

  /** The relocations of a section by place. */
  List<Relocation> relocations(Section section) {
    return relocations.get(section.index);
  }

  /** A copy of a section's bytes. */
  byte[] bytes(Section section) {
    if (!section.isInFile()) {
      return new byte[0];
    }
    byte[] bytes = new byte[(int) section.size];
    file.get((int) section.offset, bytes);
    return bytes;
  }

  /** A failure whose sentence begins with the file's name. */
  @SuppressWarnings("AnnotateFormatMethod") // The annotation would be a dependency.
  ObjectFormatException broken(String sentence, Object... arguments) {
    return new ObjectFormatException(name + ": " + sentence.formatted(arguments));
  }

  /** A failure in a part of the file that another reader found. */
  ObjectFormatException broken(RuntimeException cause) {
    return new ObjectFormatException(name + ": " + cause.getMessage(), cause);
  }

  private void checkHeader() {
    int length = file.capacity();
    if (length < 4 || file.getInt(0) != 0x464c457f) {
      throw broken(
          "not an ELF file, %s; compile it with clang -target bpf -c",
          length == 0 ? "it is empty" : "it does not begin with 7f 45 4c 46");
    }
    if (length < HEADER_SIZE) {
      throw broken("cut off in the ELF header: %d bytes of %d", length, HEADER_SIZE);
    }
    if (file.get(4) != 2) {
      throw broken("a 32-bit ELF file (class %d); eBPF objects are 64-bit", file.get(4) & 0xff);
    }
    if (file.get(5) == 2) {
      throw broken("a big-endian object; compile it with clang -target bpfel");
    }
    if (file.get(5) != 1) {
      throw broken("the ELF header names byte order %d, which is neither", file.get(5) & 0xff);
    }
    int machine = file.getShort(18) & 0xffff;
    if (machine != EM_BPF) {
      throw broken(
          "made for ELF machine %d, not for eBPF (%d); compile it with clang -target bpf -c",
          machine, EM_BPF);
    }
    int type = file.getShort(16) & 0xffff;
    if (type != ET_REL) {
      throw broken("ELF type %d, not a relocatable object (%d)", type, ET_REL);
    }
  }

  private List<Section> readSections() {
    long table = file.getLong(40);
    int headerSize = file.getShort(58) & 0xffff;
    long count = file.getShort(60) & 0xffff;
    long names = file.getShort(62) & 0xffff;
    if (table == 0) {
      throw broken("it has no sections");
    }
    if (headerSize != SECTION_HEADER_SIZE) {
      throw broken("section headers of %d bytes instead of %d", headerSize, SECTION_HEADER_SIZE);
    }
    checkRange("the first section header", table, SECTION_HEADER_SIZE);
    if (count == 0) {
      count = file.getLong((int) table + 32);
    }
    if (names == EXTENDED_SECTION_INDEX) {
      names = file.getInt((int) table + 40) & 0xffffffffL;
    }
    if (count <= 1) {
      throw broken("it has no sections");
    }
    if (count < 0 || count > file.capacity() / SECTION_HEADER_SIZE) {
      throw broken(
          "cut off in the section headers: %s of them do not fit into %d bytes",
          Long.toUnsignedString(count), file.capacity());
    }
    checkRange("the section headers", table, count * SECTION_HEADER_SIZE);
    if (names == 0 || names >= count) {
      throw broken("section %d, which should hold the section names, does not exist", names);
    }
    List<Section> nameless = new ArrayList<>((int) count);
    for (int index = 0; index < count; index++) {
      nameless.add(readSection(index, (int) table + index * SECTION_HEADER_SIZE));
    }
    Section strings = nameless.get((int) names);
    List<Section> named = new ArrayList<>((int) count);
    for (int index = 0; index < count; index++) {
      Section section = nameless.get(index);
      int nameOffset = file.getInt((int) table + index * SECTION_HEADER_SIZE);
      named.add(
          new Section(
              index,
              index == 0 ? "" : string(strings, nameOffset, "section " + index),
              section.type,
              section.flags,
              section.offset,
              section.size,
              section.link,
              section.info,
              section.entrySize));
    }
    return List.copyOf(named);
  }

  private Section readSection(int index, int header) {
    Section section =
        new Section(
            index,
            "",
            file.getInt(header + 4),
            file.getLong(header + 8),
            file.getLong(header + 24),
            file.getLong(header + 32),
            file.getInt(header + 40),
            file.getInt(header + 44),
            file.getLong(header + 56));
    if (section.isInFile()) {
      checkRange("section " + index, section.offset, section.size);
    } else if (section.type == SHT_NOBITS
        && (section.size < 0 || section.size > Integer.MAX_VALUE)) {
      throw broken(
          "section %d claims %s bytes of zeros; at most %d can be mapped",
          index, Long.toUnsignedString(section.size), Integer.MAX_VALUE);
    }
    return section;
  }

  private void checkOverlaps() {
    List<Section> byOffset =
        sections.stream()
            .filter(Section::isInFile)
            .sorted(Comparator.comparingLong(Section::offset))
            .toList();
    for (int i = 1; i < byOffset.size(); i++) {
      Section before = byOffset.get(i - 1);
      Section section = byOffset.get(i);
      if (before.offset + before.size > section.offset) {
        throw broken(
            "sections %s and %s overlap at byte %d", before.name, section.name, section.offset);
      }
    }
  }

  private List<Symbol> readSymbols() {
    List<Section> tables = sections.stream().filter(s -> s.type == SHT_SYMTAB).toList();
    if (tables.isEmpty()) {
      throw broken("it has no symbol table; do not strip symbols (llvm-strip -g keeps them)");
    }
    if (tables.size() > 1) {
      throw broken("it has %d symbol tables instead of one", tables.size());
    }
    Section table = tables.getFirst();
    int count = entries(table, SYMBOL_SIZE);
    Section strings = linked(table);
    List<Symbol> read = new ArrayList<>(count);
    for (int index = 0; index < count; index++) {
      read.add(readSymbol(index, (int) table.offset + index * SYMBOL_SIZE, strings));
    }
    return List.copyOf(read);
  }

  private Symbol readSymbol(int index, int entry, Section strings) {
    int info = file.get(entry + 4) & 0xff;
    int sectionIndex = file.getShort(entry + 6) & 0xffff;
    int type = info & 0xf;
    if (sectionIndex == EXTENDED_SECTION_INDEX
        || (sectionIndex < FIRST_RESERVED_SECTION && sectionIndex >= sections.size())) {
      throw broken("symbol %d lies in section %d, which does not exist", index, sectionIndex);
    }
    String symbolName = string(strings, file.getInt(entry), "symbol " + index);
    if (type == STT_SECTION && sectionIndex < FIRST_RESERVED_SECTION) {
      symbolName = sections.get(sectionIndex).name;
    }
    return new Symbol(
        index,
        symbolName,
        sectionIndex,
        file.getLong(entry + 8),
        file.getLong(entry + 16),
        type,
        info >>> 4,
        file.get(entry + 5) & 0x3);
  }

  private List<List<Relocation>> readRelocations() {
    List<List<Relocation>> bySection = new ArrayList<>();
    sections.forEach(_ -> bySection.add(new ArrayList<>()));
    for (Section table : sections) {
      if ((table.type == SHT_REL || table.type == SHT_RELA) && !isOfDebugInformation(table)) {
        readRelocations(table, bySection);
      }
    }
    bySection.forEach(list -> list.sort(Comparator.comparingLong(Relocation::offset)));
    return bySection;
  }

  /** What only a debugger needs may be damaged: libbpf does not read it either. */
  private boolean isOfDebugInformation(Section table) {
    boolean byTarget =
        table.info > 0
            && table.info < sections.size()
            && sections.get(table.info).name.startsWith(DEBUG);
    return byTarget
        || table.name.startsWith(".rel" + DEBUG)
        || table.name.startsWith(".rela" + DEBUG);
  }

  private void readRelocations(Section table, List<List<Relocation>> bySection) {
    if (table.info <= 0 || table.info >= sections.size()) {
      throw broken(
          "relocation section %s is for section %d, which does not exist", table.name, table.info);
    }
    Section target = sections.get(table.info);
    boolean withAddend = table.type == SHT_RELA;
    int entrySize = withAddend ? RELOCATION_WITH_ADDEND_SIZE : RELOCATION_SIZE;
    int count = entries(table, entrySize);
    for (int index = 0; index < count; index++) {
      int entry = (int) table.offset + index * entrySize;
      long offset = file.getLong(entry);
      int type = file.getInt(entry + 8);
      int symbol = file.getInt(entry + 12);
      if (symbol < 0 || symbol >= symbols.size()) {
        throw broken(
            "relocation %d of %s names symbol %d, which does not exist",
            index, table.name, symbol & 0xffffffffL);
      }
      if (offset < 0 || offset >= target.size) {
        throw broken(
            "relocation %d of %s is at byte %s, outside of %s, which has %d",
            index, table.name, Long.toUnsignedString(offset), target.name, target.size);
      }
      long addend = withAddend ? file.getLong(entry + 16) : 0;
      bySection.get(target.index).add(new Relocation(offset, type, symbols.get(symbol), addend));
    }
  }

  private int entries(Section table, int entrySize) {
    if (table.entrySize != entrySize || table.size % entrySize != 0) {
      throw broken(
          "section %s has %d bytes in entries of %d, not in entries of %d",
          table.name, table.size, table.entrySize, entrySize);
    }
    return (int) (table.size / entrySize);
  }

  private Section linked(Section table) {
    if (table.link <= 0 || table.link >= sections.size()) {
      throw broken(
          "section %s has its names in section %d, which does not exist", table.name, table.link);
    }
    return sections.get(table.link);
  }

  private String string(Section strings, int offset, String owner) {
    if (strings.type != SHT_STRTAB) {
      throw broken("section %d, which should name %s, is no string table", strings.index, owner);
    }
    if (offset == 0 && strings.size == 0) {
      return "";
    }
    if (offset < 0 || offset >= strings.size) {
      throw broken("the name of %s lies outside of the string table", owner);
    }
    int start = (int) strings.offset + offset;
    int limit = (int) (strings.offset + strings.size);
    int end = start;
    while (end < limit && file.get(end) != 0) {
      end++;
    }
    if (end == limit) {
      throw broken("the name of %s does not end in the string table", owner);
    }
    if (end - start > LONGEST_NAME) {
      throw broken("the name of %s has more than %d bytes", owner, LONGEST_NAME);
    }
    byte[] bytes = new byte[end - start];
    file.get(start, bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private void checkRange(String what, long offset, long size) {
    if (offset < 0 || size < 0 || offset > file.capacity() || size > file.capacity() - offset) {
      throw broken(
          "cut off: %s would be %s bytes from byte %s on, and the file has %d",
          what, Long.toUnsignedString(size), Long.toUnsignedString(offset), file.capacity());
    }
  }
}
