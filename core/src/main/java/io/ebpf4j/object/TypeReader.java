package io.ebpf4j.object;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfExt;
import io.ebpf4j.btf.BtfFormatException;
import io.ebpf4j.btf.BtfType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads an object's BTF and what BTF.ext says about its instructions. */
final class TypeReader {
  private static final String SECTION = ".BTF";

  private TypeReader() {}

  /**
   * An object's types.
   *
   * @param btf with the places of global variables filled in, or null where the object has none
   * @param information what BTF.ext says, nothing where there is none
   * @param externs what the kernel brings, by name
   * @param configuration where the externs lie that are its configuration
   */
  record Types(
      @Nullable Btf btf,
      CodeInformation information,
      Map<String, Extern> externs,
      ConfigurationMap configuration) {}

  /** The types as they are written. */
  static Optional<Btf> written(ElfFile elf) {
    return elf.section(SECTION)
        .filter(section -> section.size() > 0)
        .map(section -> checked(elf, () -> Btf.parse(elf.bytes(section))));
  }

  static Types read(ElfFile elf) {
    ElfFile.Section section = elf.section(SECTION).orElse(null);
    if (section == null || section.size() == 0) {
      Map<String, Extern> externs = ExternReader.read(elf, null);
      return new Types(
          null, CodeInformation.NONE, externs, new ConfigurationMap(elf, null, externs.values()));
    }
    return checked(
        elf,
        () -> {
          Btf parsed = Btf.parse(elf.bytes(section));
          CodeInformation information =
              elf.section(".BTF.ext")
                  .filter(ext -> ext.size() > 0)
                  .map(ext -> new CodeInformation(BtfExt.parse(elf.bytes(ext), parsed)))
                  .orElse(CodeInformation.NONE);
          Map<String, Extern> externs = ExternReader.read(elf, parsed);
          ConfigurationMap configuration = new ConfigurationMap(elf, parsed, externs.values());
          Btf complete = complete(parsed, elf, configuration);
          return new Types(complete, information, externs, configuration);
        });
  }

  /** The types with what the compiler leaves to the symbol table. */
  private static Btf complete(Btf parsed, ElfFile elf, ConfigurationMap configuration) {
    Set<String> hidden = new HashSet<>();
    for (ElfFile.Symbol symbol : elf.symbols()) {
      if (symbol.isFunction() && symbol.isHidden()) {
        hidden.add(symbol.name());
      }
    }
    List<BtfType> types = new ArrayList<>(parsed.size());
    for (BtfType type : parsed.types()) {
      types.add(
          switch (type) {
            case BtfType.DataSection section when section.name().equals(ConfigurationMap.SECTION) ->
                configuration.placed(parsed, section);
            case BtfType.Variable variable when configuration.holds(variable) ->
                new BtfType.Variable(variable.name(), variable.type(), BtfType.Linkage.GLOBAL);
            case BtfType.DataSection section -> DataSections.placed(parsed, section, elf);
            // A verifier looks into static functions from their callers, as hidden ones ask for.
            case BtfType.Function function when hidden.contains(function.name()) ->
                new BtfType.Function(function.name(), function.prototype(), BtfType.Linkage.STATIC);
            default -> type;
          });
    }
    return new Btf(types);
  }

  private static <T> T checked(ElfFile elf, Supplier<T> reading) {
    try {
      return reading.get();
    } catch (BtfFormatException | IllegalArgumentException e) {
      throw elf.broken(e);
    }
  }
}
