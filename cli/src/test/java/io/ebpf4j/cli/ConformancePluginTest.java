package io.ebpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class ConformancePluginTest {
  /** {@code r0 = *(u16 *)(r1 + 1); r0 += r2; exit}. */
  private static final String PROGRAM =
      "69 10 01 00 00 00 00 00 0f 20 00 00 00 00 00 00 95 00 00 00 00 00 00 00";

  @Test
  void runsAProgramFromStandardInputOverTheMemory() {
    assertThat(withInput(PROGRAM + "\n", "aa 34 12 ")).isEqualTo("1237");
  }

  @Test
  void takesTheProgramAsAnOption() {
    assertThat(CommandRun.of("conformance-plugin", "--program", PROGRAM, "aa3412").succeeded())
        .isEqualTo("1237\n");
  }

  @Test
  void emptyArgumentsAreNoMemory() {
    String minusOne = "b7 00 00 00 ff ff ff ff 95 00 00 00 00 00 00 00";

    assertThat(withInput(minusOne, "", "")).isEqualTo("ffffffffffffffff");
  }

  @Test
  void elfFilesAreReadAsHex() {
    byte[] code = HexFormat.of().parseHex(PROGRAM.replace(" ", ""));
    ByteBuffer elf = ByteBuffer.allocate(64 + 2 * 64 + code.length).order(ByteOrder.LITTLE_ENDIAN);
    elf.putInt(0, 0x464c457f).putLong(40, 64).putShort(60, (short) 2);
    int header = 64 + 64;
    elf.putInt(header + 4, 1).putLong(header + 8, 6);
    elf.putLong(header + 24, 192).putLong(header + 32, code.length);
    elf.put(192, code);
    String hex = HexFormat.ofDelimiter(" ").formatHex(elf.array());

    assertThat(withInput(hex, "aa 34 12", "--elf")).isEqualTo("1237");
  }

  @Test
  void debugPrintsInstructionsBesideTheResult() {
    CommandRun run = CommandRun.of("conformance-plugin", "--program", PROGRAM, "aa3412", "--debug");

    assertThat(run.out()).isEqualTo("1237\n");
    assertThat(run.err()).contains("0: (69) r0 = *(u16 *)(r1 +1)");
  }

  @Test
  void whatCannotBeRunIsAnError() {
    assertThat(failure("--program", PROGRAM, "aa"))
        .startsWith("ebpf4j: instruction 0: ")
        .contains("past the end of the program's memory");
    assertThat(failure("--program", "9500")).contains("2 bytes");
    assertThat(failure("--program", "")).contains("0 bytes");
    assertThat(failure("--program", "7f", "--elf")).contains("no ELF file");
    assertThat(failure("--program", "ff00000000000000")).isNotEmpty();
  }

  private static String failure(Object... arguments) {
    Object[] all = new Object[arguments.length + 1];
    all[0] = "conformance-plugin";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return CommandRun.of(all).failed(ExitStatus.REFUSED);
  }

  private static String withInput(String input, String... arguments) {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.ISO_8859_1)));
    try {
      Object[] all = new Object[arguments.length + 1];
      all[0] = "conformance-plugin";
      System.arraycopy(arguments, 0, all, 1, arguments.length);
      return CommandRun.of(all).succeeded().strip();
    } finally {
      System.setIn(before);
    }
  }
}
