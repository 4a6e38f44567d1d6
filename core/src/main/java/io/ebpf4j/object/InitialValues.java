package io.ebpf4j.object;

import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Reads the {@code values} of maps of programs and maps of maps: pointers in section {@code .maps}
 * that relocations fill in. Pointers to functions and maps in other data are refused, as no kernel
 * could fill them in.
 */
final class InitialValues {
  private static final int POINTER_SIZE = Long.BYTES;

  private final ElfFile elf;
  private final List<MapReader.Declared> maps;
  private final NavigableMap<Long, MapReader.Declared> mapsByOffset = new TreeMap<>();
  private final Map<String, Function> programs = new HashMap<>();

  InitialValues(ElfFile elf, List<MapReader.Declared> maps, List<Function> functions) {
    this.elf = elf;
    this.maps = maps;
    maps.forEach(map -> mapsByOffset.put(map.offset(), map));
    for (Function function : functions) {
      programs.putIfAbsent(place(function.section(), function.start()), function);
    }
  }

  /** Adds the declared maps with their initial values. */
  void fill(Map<String, MapSpec> filled) {
    checkData();
    Map<String, Map<Integer, String>> values = new LinkedHashMap<>();
    elf.section(MapReader.SECTION)
        .ifPresent(section -> {
          byte[] bytes = elf.bytes(section);
          for (ElfFile.Relocation relocation : elf.relocations(section)) {
            read(relocation, bytes, values);
          }
        });
    for (MapReader.Declared map : maps) {
      Map<Integer, String> own = values.getOrDefault(map.name(), Map.of());
      if (filled.put(map.name(), map.spec().withValues(own)) != null) {
        throw elf.broken("it has two maps with the name %s", map.name());
      }
    }
  }

  private void read(
      ElfFile.Relocation relocation, byte[] bytes, Map<String, Map<Integer, String>> values) {
    if (relocation.type() == ElfFile.R_BPF_NONE) {
      return;
    }
    MapReader.Declared owner = owner(relocation);
    long place = relocation.offset() - owner.offset() - owner.valuesOffset();
    if (owner.valuesOffset() < 0 || place < 0 || place % POINTER_SIZE != 0) {
      throw elf.broken(
          "map %s has a pointer at byte %d that is not one of its values",
          owner.name(), relocation.offset() - owner.offset());
    }
    if (relocation.offset() > bytes.length - POINTER_SIZE) {
      throw elf.broken("map %s has a value that ends behind section .maps", owner.name());
    }
    long inPlace =
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong((int) relocation.offset());
    int slot = (int) (place / POINTER_SIZE);
    values
        .computeIfAbsent(owner.name(), _ -> new TreeMap<>())
        .put(slot, target(owner, slot, relocation, inPlace));
  }

  private String target(
      MapReader.Declared owner, int slot, ElfFile.Relocation relocation, long inPlace) {
    ElfFile.Symbol symbol = relocation.symbol();
    ElfFile.Section in =
        symbol.section() == ElfFile.SHN_UNDEF || symbol.section() >= elf.sections().size()
            ? elf.sections().getFirst()
            : elf.sections().get(symbol.section());
    long offset = symbol.value() + inPlace + relocation.addend();
    if (GnuAssembler.isOld(elf) && GnuAssembler.holdsAddress(symbol, inPlace)) {
      offset = symbol.value();
    }
    if (owner.spec().type() == MapType.PROG_ARRAY) {
      Function program = offset % 8 == 0 ? programs.get(place(in.index(), offset / 8)) : null;
      if (program != null && !program.local() && !program.sectionName().equals(".text")) {
        return program.name();
      }
    } else if (in.name().equals(MapReader.SECTION) && mapsByOffset.get(offset) != null) {
      return mapsByOffset.get(offset).name();
    }
    throw elf.broken(
        "value %d of map %s is %s, which is no %s of this object",
        slot,
        owner.name(),
        symbol.name().isEmpty() ? "a symbol without a name" : symbol.name(),
        owner.spec().type() == MapType.PROG_ARRAY ? "program" : "map");
  }

  private MapReader.Declared owner(ElfFile.Relocation relocation) {
    Map.Entry<Long, MapReader.Declared> at = mapsByOffset.floorEntry(relocation.offset());
    if (at != null && relocation.offset() - at.getKey() < at.getValue().size()) {
      return at.getValue();
    }
    throw elf.broken(
        "a relocation at byte %d of section .maps lies in no map", relocation.offset());
  }

  /** As in libbpf, a pointer to data stays the offset that it is in the file. */
  private void checkData() {
    for (ElfFile.Section section : elf.sections()) {
      if (!DataSections.isData(section)) {
        continue;
      }
      for (ElfFile.Relocation relocation : elf.relocations(section)) {
        int target = relocation.symbol().section();
        if (target > 0 && target < elf.sections().size()) {
          ElfFile.Section in = elf.sections().get(target);
          if (in.isCode() || in.name().equals(MapReader.SECTION)) {
            throw elf.broken(
                "byte %d of section %s is a pointer to %s %s, which a kernel cannot fill in; only"
                    + " the values of a map take such pointers",
                relocation.offset(),
                section.name(),
                in.isCode() ? "function" : "map",
                relocation.symbol().name());
          }
        }
      }
    }
  }

  private static String place(int section, long start) {
    return section + ":" + start;
  }
}
