package io.ebpf4j.object;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfType;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds what an object leaves to the kernel: its undefined symbols, with what BTF says of them. */
final class ExternReader {
  private static final String KERNEL_SYMBOLS = ".ksyms";

  private ExternReader() {}

  /** The externs by name, in the order of the symbol table. */
  static Map<String, Extern> read(ElfFile elf, @Nullable Btf btf) {
    Map<String, Extern> described = btf == null ? Map.of() : described(btf);
    Map<String, Extern> externs = new LinkedHashMap<>();
    for (ElfFile.Symbol symbol : elf.symbols()) {
      if (symbol.isExtern() && !symbol.isLocal() && !symbol.name().isEmpty()) {
        Extern known = described.get(symbol.name());
        externs.put(
            symbol.name(),
            new Extern(
                symbol.name(),
                known == null ? Extern.Kind.UNKNOWN : known.kind(),
                known == null ? 0 : known.btfType(),
                symbol.isWeak()));
      }
    }
    return externs;
  }

  private static Map<String, Extern> described(Btf btf) {
    Map<String, Extern> described = new HashMap<>();
    for (int id = 1; id < btf.size(); id++) {
      if (btf.type(id) instanceof BtfType.DataSection section) {
        boolean configuration = section.name().equals(ConfigurationMap.SECTION);
        if (configuration || section.name().equals(KERNEL_SYMBOLS)) {
          for (BtfType.SectionVariable place : section.variables()) {
            describe(btf, place.type(), configuration, described);
          }
        }
      }
    }
    return described;
  }

  private static void describe(
      Btf btf, int id, boolean configuration, Map<String, Extern> described) {
    switch (btf.type(id)) {
      case BtfType.Variable variable -> {
        Extern.Kind kind = configuration ? Extern.Kind.CONFIGURATION : Extern.Kind.KERNEL_SYMBOL;
        described.put(variable.name(), new Extern(variable.name(), kind, id, false));
      }
      case BtfType.Function function when !configuration ->
          described.put(
              function.name(), new Extern(function.name(), Extern.Kind.KERNEL_FUNCTION, id, false));
      default -> {
        // Nothing else can be extern; the kernel's own check of the BTF names it.
      }
    }
  }
}
