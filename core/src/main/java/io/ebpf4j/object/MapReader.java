package io.ebpf4j.object;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.MapType;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the maps of section {@code .maps}: each variable's type is a struct whose members say what
 * the map is to be, as the macros of {@code bpf_helpers.h} write them.
 */
final class MapReader {
  static final String SECTION = ".maps";
  private static final String LEGACY_SECTION = "maps";

  /** Where a kernel takes no BTF for keys and values. */
  private static final Set<MapType> WITHOUT_TYPES =
      EnumSet.of(
          MapType.PERF_EVENT_ARRAY,
          MapType.CGROUP_ARRAY,
          MapType.STACK_TRACE,
          MapType.ARRAY_OF_MAPS,
          MapType.HASH_OF_MAPS,
          MapType.DEVMAP,
          MapType.DEVMAP_HASH,
          MapType.CPUMAP,
          MapType.XSKMAP,
          MapType.SOCKMAP,
          MapType.SOCKHASH,
          MapType.QUEUE,
          MapType.STACK,
          MapType.ARENA);

  private final ElfFile elf;
  private final @Nullable Btf btf;

  /**
   * A declared map.
   *
   * @param name the C variable's name
   * @param offset where the variable begins in the section
   * @param size the variable's bytes
   * @param valuesOffset where in the variable its initial values begin, or -1
   */
  record Declared(String name, long offset, long size, long valuesOffset, MapSpec spec) {}

  MapReader(ElfFile elf, @Nullable Btf btf) {
    this.elf = elf;
    this.btf = btf;
  }

  /** The declared maps, in the order of the source. */
  List<Declared> read() {
    boolean legacy = elf.section(LEGACY_SECTION).filter(section -> section.size() > 0).isPresent();
    if (legacy) {
      throw elf.broken(
          "section maps declares maps in the form that libbpf 1.0 dropped (struct bpf_map_def);"
              + " declare them with __uint and __type in SEC(\".maps\")");
    }
    ElfFile.Section section = elf.section(SECTION).orElse(null);
    if (section == null || section.size() == 0) {
      return List.of();
    }
    if (btf == null) {
      throw elf.broken(
          "section .maps describes its maps by BTF, which is missing; compile with -g and strip"
              + " with llvm-strip -g");
    }
    BtfType.DataSection types = DataSections.find(btf, SECTION);
    if (types == null) {
      throw elf.broken("the BTF does not describe section .maps; compile with -g");
    }
    List<Declared> maps = new ArrayList<>();
    for (BtfType.SectionVariable place : types.variables()) {
      maps.add(declared(btf, section, place));
    }
    return maps;
  }

  private Declared declared(Btf types, ElfFile.Section section, BtfType.SectionVariable place) {
    if (!(types.type(place.type()) instanceof BtfType.Variable variable)) {
      throw elf.broken("section .maps holds type %d, which is no variable", place.type());
    }
    String name = variable.name();
    if (!(types.stripped(variable.type()) instanceof BtfType.Composite definition)
        || definition.union()) {
      throw elf.broken("map %s is not declared as a struct", name);
    }
    if (place.offset() < 0 || definition.size() > section.size() - place.offset()) {
      throw elf.broken(
          "map %s lies at byte %d of section .maps, which has %d",
          name, place.offset(), section.size());
    }
    MapDefinition parsed = new MapDefinition(elf, types, name, definition, false);
    MapSpec spec = parsed.spec();
    if (WITHOUT_TYPES.contains(spec.type())) {
      spec = spec.withTypes(null, 0, 0);
    }
    // The struct ends before its initial values, the variable behind them.
    long size = Math.max(definition.size(), place.size());
    return new Declared(name, place.offset(), size, parsed.valuesOffset(), spec);
  }
}
