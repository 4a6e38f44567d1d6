package io.ebpf4j.object;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfKind;
import io.ebpf4j.btf.BtfType;
import io.ebpf4j.spec.MapSpec;
import io.ebpf4j.spec.ProgramSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** Turns an ELF file into specs, in the order in which its parts need each other. */
final class ObjectReader {
  private static final String TEXT = ".text";
  private static final String EXCEPTION_CALLBACK = "exception_callback:";

  /** Linked programs share functions, so without a limit a small file could become very large. */
  private static final int MOST_LINKED_PARTS = 4_000_000;

  private final String name;
  private final ElfFile elf;
  private final @Nullable Btf btf;
  private final TypeReader.Types types;

  private ObjectReader(String name, byte[] bytes) {
    this.name = name;
    this.elf = ElfFile.parse(name, bytes);
    refuseUnknownSections();
    this.types = TypeReader.read(elf);
    this.btf = types.btf();
  }

  static ObjectContents read(String name, byte[] bytes) {
    return new ObjectReader(name, bytes).read();
  }

  private ObjectContents read() {
    String license = text("license");
    int kernelVersion = kernelVersion();
    List<MapReader.Declared> declared = new MapReader(elf, btf).read();
    ConfigurationMap configuration = types.configuration();
    Map<Long, String> mapNames = new HashMap<>();
    declared.forEach(map -> mapNames.put(map.offset(), map.name()));
    List<Function> functions =
        new CodeReader(elf, types.externs(), mapNames, configuration.offsets(), types.information())
            .read();
    SequencedMap<String, ProgramSpec> programs = programs(functions, license, kernelVersion);
    SequencedMap<String, MapSpec> data = DataSections.maps(elf, btf, name);
    if (configuration.size() > 0) {
      data.put(
          ConfigurationMap.SECTION,
          DataSections.map(ConfigurationMap.SECTION, configuration.size(), true, btf, name));
    }
    SequencedMap<String, MapSpec> maps = new LinkedHashMap<>();
    new InitialValues(elf, declared, functions).fill(maps);
    maps.putAll(data);
    return new ObjectContents(
        name,
        license,
        kernelVersion,
        btf,
        List.copyOf(types.externs().values()),
        sections(),
        maps,
        programs,
        DataSections.variables(btf, data),
        configuration);
  }

  private SequencedMap<String, ProgramSpec> programs(
      List<Function> functions, String license, int kernelVersion) {
    Linker linker = new Linker(elf, functions);
    Map<Integer, Function> callbacks = exceptionCallbacks(functions);
    SequencedMap<String, ProgramSpec> programs = new LinkedHashMap<>();
    long parts = 0;
    for (Function function : functions) {
      if (function.local() || function.sectionName().equals(TEXT)) {
        continue;
      }
      ProgramSection section =
          ProgramSection.ofName(function.sectionName()).orElse(ProgramSection.UNKNOWN);
      Linker.Linked linked =
          linker.link(function, Optional.ofNullable(callbacks.get(function.btfType())));
      parts += linked.instructions().size() + linked.lines().size();
      if (parts > MOST_LINKED_PARTS) {
        throw elf.broken(
            "its programs have more than %d instructions and lines together, each counted with the"
                + " functions it calls",
            MOST_LINKED_PARTS);
      }
      ProgramSpec program =
          new ProgramSpec(
              function.name(),
              function.sectionName(),
              section.type(),
              section.expectedAttachType(),
              section.sleepable(),
              section.frags(),
              false,
              section.attachTo(),
              license,
              kernelVersion,
              linked.instructions(),
              linked.references(),
              linked.coreRelocations(),
              btf,
              linked.functions(),
              linked.lines());
      if (programs.put(function.name(), program) != null) {
        throw elf.broken("it has two programs with the name %s", function.name());
      }
    }
    return programs;
  }

  /**
   * Declaration tags of programs name the functions that bpf_throw ends in: by program, as its
   * FUNC.
   */
  private Map<Integer, Function> exceptionCallbacks(List<Function> functions) {
    Map<Integer, Function> callbacks = new HashMap<>();
    if (btf == null) {
      return callbacks;
    }
    Map<String, Function> byName = new HashMap<>();
    functions.forEach(function -> byName.put(function.name(), function));
    for (int id = 1; id < btf.size(); id++) {
      if (btf.kind(id) == BtfKind.DECL_TAG
          && btf.type(id) instanceof BtfType.DeclarationTag tag
          && tag.component() == -1
          && tag.name().startsWith(EXCEPTION_CALLBACK)) {
        String callback = tag.name().substring(EXCEPTION_CALLBACK.length());
        Function function = byName.get(callback);
        if (function == null) {
          throw elf.broken("%s is named as an exception callback but is no function", callback);
        }
        callbacks.put(tag.target(), function);
      }
    }
    return callbacks;
  }

  private void refuseUnknownSections() {
    for (ElfFile.Section section : elf.sections()) {
      String sectionName = section.name();
      if (section.size() > 0
          && (sectionName.startsWith(".struct_ops") || sectionName.startsWith("?.struct_ops"))) {
        throw elf.broken("section %s: struct_ops maps are not supported", sectionName);
      }
      if (section.size() > 0 && sectionName.startsWith(".addr_space.")) {
        throw elf.broken("section %s: global variables in an arena are not supported", sectionName);
      }
    }
  }

  private List<ObjectSection> sections() {
    List<ObjectSection> sections = new ArrayList<>();
    for (ElfFile.Section section : elf.sections()) {
      if (section.index() != 0) {
        sections.add(
            new ObjectSection(
                section.name(), section.size(), section.isCode(), elf.relocations(section).size()));
      }
    }
    return List.copyOf(sections);
  }

  private String text(String section) {
    return elf.section(section)
        .map(elf::bytes)
        .map(bytes -> {
          int end = 0;
          while (end < bytes.length && bytes[end] != 0) {
            end++;
          }
          return new String(bytes, 0, end, StandardCharsets.UTF_8);
        })
        .orElse("");
  }

  private int kernelVersion() {
    Optional<ElfFile.Section> version = elf.section("version");
    if (version.isEmpty() || version.get().size() == 0) {
      return 0;
    }
    byte[] bytes = elf.bytes(version.get());
    if (bytes.length != Integer.BYTES) {
      throw elf.broken("section version has %d bytes instead of %d", bytes.length, Integer.BYTES);
    }
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt();
  }
}
