package io.ebpf4j.object;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What older GNU assemblers do otherwise. Up to binutils 2.40, which came with GCC 12, they write a
 * global symbol's address into the instruction that a relocation already points at the symbol, so
 * that it would count twice.
 */
final class GnuAssembler {
  private static final int LAST_OLD_GCC = 12;
  private static final Pattern VERSION = Pattern.compile("GCC: \\([^)]*\\) ([0-9]{1,3})\\.");

  private GnuAssembler() {}

  /** Whether the object says that it comes from such an assembler. */
  static boolean isOld(ElfFile elf) {
    return elf.section(".comment")
        .map(section -> new String(elf.bytes(section), StandardCharsets.ISO_8859_1))
        .map(VERSION::matcher)
        .filter(Matcher::find)
        .map(matcher -> Integer.parseInt(matcher.group(1)) <= LAST_OLD_GCC)
        .orElse(false);
  }

  /** Whether what stands in the instruction is the global symbol's own address once more. */
  static boolean holdsAddress(ElfFile.Symbol symbol, long inPlace) {
    return !symbol.isLocal() && symbol.value() == inPlace;
  }
}
