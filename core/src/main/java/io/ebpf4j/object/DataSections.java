package io.ebpf4j.object;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfKind;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.spec.MapFlags;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** Sections of global variables: their types with places filled in, and the maps made of them. */
final class DataSections {
  private static final int LONGEST_KERNEL_NAME = 15;
  private static final int SHORTEST_SUFFIX = 7;

  private DataSections() {}

  /** The BTF of a section's variables, or null where there is none. */
  static BtfType.@Nullable DataSection find(Btf btf, String section) {
    int id = findId(btf, section);
    return id == 0 ? null : (BtfType.DataSection) btf.type(id);
  }

  /**
   * The BTF of a section with its size and the places of its variables. The compiler leaves both to
   * the symbol table; a kernel wants them in the BTF, the variables by place.
   */
  static BtfType.DataSection placed(Btf btf, BtfType.DataSection section, ElfFile elf) {
    ElfFile.Section inFile = elf.section(section.name()).orElse(null);
    if (section.size() != 0 || inFile == null) {
      return section;
    }
    Map<String, ElfFile.Symbol> symbols = new HashMap<>();
    elf.symbols(inFile).forEach(symbol -> symbols.putIfAbsent(symbol.name(), symbol));
    List<BtfType.SectionVariable> placed = new ArrayList<>(section.variables().size());
    for (BtfType.SectionVariable variable : section.variables()) {
      ElfFile.Symbol symbol = symbols.get(btf.type(variable.type()).name());
      long offset = symbol == null ? variable.offset() : symbol.value();
      if (offset < 0 || offset > inFile.size() || variable.size() > inFile.size() - offset) {
        throw elf.broken(
            "variable %s lies at byte %s of section %s, which has %d",
            btf.type(variable.type()).name(),
            Long.toUnsignedString(offset),
            section.name(),
            inFile.size());
      }
      placed.add(new BtfType.SectionVariable(variable.type(), (int) offset, variable.size()));
    }
    placed.sort(Comparator.comparingInt(BtfType.SectionVariable::offset));
    return new BtfType.DataSection(section.name(), (int) inFile.size(), placed);
  }

  /**
   * The maps of global variables by section name, in file order: one element each, the section's
   * bytes.
   *
   * @param objectName the file's name, which becomes part of a map's name
   */
  static SequencedMap<String, MapSpec> maps(ElfFile elf, @Nullable Btf btf, String objectName) {
    SequencedMap<String, MapSpec> maps = new LinkedHashMap<>();
    for (ElfFile.Section section : elf.sections()) {
      if (isData(section) && section.size() > 0) {
        if (section.size() > Integer.MAX_VALUE) {
          throw elf.broken("section %s has %d bytes, too many", section.name(), section.size());
        }
        if (maps.put(section.name(), map(elf, btf, section, objectName)) != null) {
          throw elf.broken("it has two sections with the name %s", section.name());
        }
      }
    }
    return maps;
  }

  /** Whether a section holds global variables that become a map. */
  static boolean isData(ElfFile.Section section) {
    if (section.isZeros()) {
      return isNamed(section, ".bss");
    }
    return section.hasContents()
        && !section.isCode()
        && (isNamed(section, ".data") || isNamed(section, ".rodata"));
  }

  /** The variables in sections that became maps, by section and place. */
  static List<Variable> variables(@Nullable Btf btf, Map<String, MapSpec> maps) {
    List<Variable> variables = new ArrayList<>();
    maps.forEach((name, map) -> {
      BtfType.DataSection section = btf == null ? null : find(btf, name);
      if (btf != null && section != null) {
        for (BtfType.SectionVariable place : section.variables()) {
          if (btf.type(place.type()) instanceof BtfType.Variable variable
              && place.size() <= map.valueSize() - place.offset()) {
            variables.add(
                new Variable(
                    variable.name(),
                    name,
                    place.offset(),
                    place.size(),
                    variable.type(),
                    (map.flags() & MapFlags.RDONLY_PROG) != 0));
          }
        }
      }
    });
    return List.copyOf(variables);
  }

  /** The map of a section of that name and size, without contents. */
  static MapSpec map(
      String section, int size, boolean readOnly, @Nullable Btf btf, String objectName) {
    int type = btf == null ? 0 : findId(btf, section);
    int flags = readOnly ? MapFlags.RDONLY_PROG : 0;
    if (btf != null && type != 0 && hasVisibleVariable(btf, type)) {
      flags |= MapFlags.MMAPABLE;
    }
    return MapSpec.of(kernelName(section, objectName), MapType.ARRAY, Integer.BYTES, size, 1)
        .withFlags(flags)
        .withTypes(type == 0 ? null : btf, 0, type)
        .withFrozen(readOnly);
  }

  private static MapSpec map(
      ElfFile elf, @Nullable Btf btf, ElfFile.Section section, String objectName) {
    boolean readOnly = isNamed(section, ".rodata");
    MapSpec map = map(section.name(), (int) section.size(), readOnly, btf, objectName);
    if (section.isZeros()) {
      return map;
    }
    return map.withContents(MemorySegment.ofArray(elf.bytes(section)).asReadOnly());
  }

  private static boolean isNamed(ElfFile.Section section, String start) {
    return section.name().equals(start) || section.name().startsWith(start + ".");
  }

  /** A section whose variables are all static is none of the user's business, says libbpf. */
  private static boolean hasVisibleVariable(Btf btf, int section) {
    return btf.type(section) instanceof BtfType.DataSection types
        && types.variables().stream()
            .anyMatch(place ->
                btf.type(place.type()) instanceof BtfType.Variable variable
                    && variable.linkage() != BtfType.Linkage.STATIC);
  }

  private static int findId(Btf btf, String section) {
    return btf.find(section, BtfKind.DATASEC).orElse(0);
  }

  private static String kernelName(String section, String objectName) {
    String name = section;
    if (section.indexOf('.', 1) < 0) {
      int suffix = Math.min(LONGEST_KERNEL_NAME, Math.max(SHORTEST_SUFFIX, section.length()));
      String file =
          objectName.substring(
              1 + Math.max(objectName.lastIndexOf('/'), objectName.lastIndexOf('\\')));
      int dot = file.indexOf('.');
      String stem = dot < 0 ? file : file.substring(0, dot);
      name = stem.substring(0, Math.min(stem.length(), LONGEST_KERNEL_NAME - suffix)) + section;
    }
    return MapDefinition.kernelName(name).replaceAll("[^A-Za-z0-9_.]", "_");
  }
}
