package io.ebpf4j.cli;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The instructions of an ELF file's first section with code. The conformance runner's files have no
 * more than that: no program type, no license, no relocations.
 */
final class ElfCode {
  private static final int HEADER_SIZE = 64;
  private static final int SECTION_HEADER_SIZE = 64;
  private static final int MAGIC = 0x464c457f;
  private static final int SHT_PROGBITS = 1;
  private static final int SHF_EXECINSTR = 4;

  private ElfCode() {}

  /**
   * Finds them.
   *
   * @throws RefusedException where there are none
   */
  static byte[] of(byte[] file) {
    ByteBuffer elf = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    if (file.length < HEADER_SIZE || elf.getInt(0) != MAGIC) {
      throw new RefusedException("the program is no ELF file: leave --elf out");
    }
    long headers = elf.getLong(40);
    int count = elf.getShort(60) & 0xffff;
    for (int section = 0; section < count; section++) {
      long at = headers + (long) section * SECTION_HEADER_SIZE;
      if (at < 0 || at > file.length - SECTION_HEADER_SIZE) {
        throw new RefusedException("the ELF file ends before the header of its section " + section);
      }
      int header = (int) at;
      long offset = elf.getLong(header + 24);
      long size = elf.getLong(header + 32);
      boolean code =
          elf.getInt(header + 4) == SHT_PROGBITS
              && (elf.getLong(header + 8) & SHF_EXECINSTR) != 0
              && size != 0;
      if (!code) {
        continue;
      }
      if (offset < 0 || size < 0 || size > file.length || offset > file.length - size) {
        throw new RefusedException("the ELF file ends before its section " + section + " does");
      }
      byte[] instructions = new byte[(int) size];
      elf.get((int) offset, instructions);
      return instructions;
    }
    throw new RefusedException("the ELF file has no section with instructions");
  }
}
