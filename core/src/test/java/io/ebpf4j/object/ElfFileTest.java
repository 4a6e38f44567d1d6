package io.ebpf4j.object;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class ElfFileTest {
  private static final long EXIT = 0x95;

  @Test
  void anEmptyFileIsNoElfFile() {
    refused(new byte[0], "x.o: not an ELF file, it is empty");
  }

  @Test
  void textIsNoElfFile() {
    refused("hello world".getBytes(UTF_8), "does not begin with 7f 45 4c 46");
  }

  @Test
  void aFileThatEndsInItsHeaderIsCutOff() {
    refused(Arrays.copyOf(good(), 40), "x.o: cut off in the ELF header: 40 bytes of 64");
  }

  @Test
  void aFileThatLosesItsEndIsCutOff() {
    refused(Arrays.copyOf(good(), good().length - 1), "cut off: the section headers");
  }

  @Test
  void bigEndianObjectsAreRefused() {
    refused(changed(file -> file.put(5, (byte) 2)), "big-endian", "-target bpfel");
  }

  @Test
  void objectsOf32BitsAreRefused() {
    refused(changed(file -> file.put(4, (byte) 1)), "a 32-bit ELF file");
  }

  @Test
  void objectsOfAnotherMachineAreRefused() {
    refused(changed(file -> file.putShort(18, (short) 62)), "ELF machine 62");
  }

  @Test
  void executablesAreRefused() {
    refused(changed(file -> file.putShort(16, (short) 2)), "ELF type 2, not a relocatable");
  }

  @Test
  void aFileWithoutSectionsIsRefused() {
    refused(changed(file -> file.putLong(40, 0)), "x.o: it has no sections");
  }

  @Test
  void aSectionBehindTheEndIsCutOff() {
    refused(
        changed(file -> file.putLong(headers(file) + 64 + 24, 1L << 40)),
        "would be",
        "from byte 1099511627776 on");
  }

  @Test
  void aSectionOfTerabytesIsCutOff() {
    refused(
        changed(file -> file.putLong(headers(file) + 64 + 32, Long.MAX_VALUE)),
        "cut off: section 1");
  }

  @Test
  void zerosOfMoreThanTwoGigabytesAreRefused() {
    ElfBuilder elf = new ElfBuilder();
    elf.zeros(".bss", 1L << 32);
    refused(elf.build(), "4294967296 bytes of zeros");
  }

  @Test
  void sectionsThatOverlapAreRefused() {
    refused(changed(file -> file.putLong(headers(file) + 2 * 64 + 24, 64)), "overlap at byte 64");
  }

  @Test
  void moreSectionsThanFitAreRefused() {
    refused(changed(file -> file.putShort(60, (short) 0x7fff)), "section headers");
  }

  @Test
  void aFileWithoutSymbolsIsRefused() {
    refused(
        changed(file -> file.putInt(headers(file) + 3 * 64 + 4, 1)),
        "no symbol table; do not strip symbols");
  }

  @Test
  void aSymbolInASectionThatDoesNotExistIsRefused() {
    ElfBuilder elf = new ElfBuilder();
    elf.function("f", 77, 0, 8);
    refused(elf.build(), "symbol 1 lies in section 77, which does not exist");
  }

  @Test
  void aRelocationOutsideOfItsSectionIsRefused() {
    ElfBuilder elf = new ElfBuilder();
    int section = elf.code("xdp", EXIT);
    elf.relocate(section, 8, ElfFile.R_BPF_64_64, elf.function("f", section, 0, 8));
    refused(elf.build(), "is at byte 8, outside of xdp, which has 8");
  }

  @Test
  void aRelocationToASymbolThatDoesNotExistIsRefused() {
    ElfBuilder elf = new ElfBuilder();
    int section = elf.code("xdp", EXIT);
    elf.relocate(section, 0, ElfFile.R_BPF_64_64, 5);
    refused(elf.build(), "relocation 0 of .relxdp names symbol 5, which does not exist");
  }

  @Test
  void damagedRelocationsOfDebugInformationAreNotLookedAt() {
    ElfBuilder elf = new ElfBuilder();
    int section = elf.code("xdp", EXIT);
    elf.function("f", section, 0, 8);
    int debug = elf.section(".debug_info", 0, new byte[8]);
    elf.relocate(debug, 80, ElfFile.R_BPF_64_ABS64, 5);

    ObjectFile file = ObjectFile.parse("x.o", elf.build());

    assertThat(file.programs()).containsOnlyKeys("f");
    assertThat(file.sections()).allMatch(each -> each.relocations() == 0);
  }

  private static byte[] good() {
    ElfBuilder elf = new ElfBuilder();
    int section = elf.code("xdp", EXIT);
    elf.section("license", ElfBuilder.DATA, "GPL\0".getBytes(UTF_8));
    elf.function("f", section, 0, 8);
    return elf.build();
  }

  private static byte[] changed(Consumer<ByteBuffer> change) {
    ByteBuffer file = ByteBuffer.wrap(good()).order(ByteOrder.LITTLE_ENDIAN);
    change.accept(file);
    return file.array();
  }

  private static int headers(ByteBuffer file) {
    return (int) file.getLong(40);
  }

  private static void refused(byte[] file, String... parts) {
    assertThatThrownBy(() -> ObjectFile.parse("x.o", file))
        .isInstanceOf(ObjectFormatException.class)
        .hasMessageStartingWith("x.o: ")
        .hasMessageContainingAll(parts);
  }
}
