package io.ebpf4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.btf.Btf;
import io.ebpf4j.btf.BtfKind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * The numbers of system calls and the places of members are those of amd64 and of aarch64. What the
 * other tests see hold here holds there as well, since every member lies at the same place.
 */
class ArchitectureTest {
  private static final Path LINUX = Path.of("/sys/kernel/btf/vmlinux");

  /** A member's offset, or a struct's size. */
  private record Place(String name, int amd64, int aarch64) {}

  @Test
  void membersLieAtTheSamePlaceOnBoth() throws IOException {
    assertThat(places()).hasSizeGreaterThan(100);
    assertThat(places())
        .filteredOn(place -> place.amd64() != place.aarch64())
        // One event at a time is waited for, so that its size alone does not matter.
        .containsExactly(new Place("struct epoll_event", 12, 16));
  }

  @Test
  void linuxLaysThemOutSo() throws IOException {
    Assumptions.assumeTrue(Files.isReadable(LINUX), "there is no BTF of Linux");
    Btf btf = Btf.parse(Files.readAllBytes(LINUX));
    boolean amd64 = Architecture.host() == Architecture.AMD64;
    for (Place place : places()) {
      String[] words = place.name().split("[ .]", 3);
      int type =
          btf.find(words[1], words[0].equals("union") ? BtfKind.UNION : BtfKind.STRUCT)
              .orElseThrow();
      long there =
          words.length < 3
              ? btf.sizeOf(type)
              : btf.member(type, words[2]).orElseThrow().bitOffset() / 8;
      assertThat(there).as(place.name()).isEqualTo(amd64 ? place.amd64() : place.aarch64());
    }
  }

  @Test
  void systemCallsHaveTheNumbersOfTheHeaders() throws IOException {
    Map<String, String> amd64 = defines(Path.of("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"));
    Map<String, String> generic = defines(Path.of("/usr/include/asm-generic/unistd.h"));
    Assumptions.assumeTrue(
        !amd64.isEmpty() || !generic.isEmpty(), "Linux's headers are not installed");
    for (SystemCall call : SystemCall.values()) {
      if (!amd64.isEmpty()) {
        assertThat(call.number(Architecture.AMD64))
            .as("%s on amd64", call)
            .isEqualTo(number(amd64, call));
      }
      if (!generic.isEmpty()) {
        assertThat(call.number(Architecture.AARCH64))
            .as("%s on aarch64", call)
            .isEqualTo(number(generic, call));
      }
    }
  }

  @Test
  void otherSystemsAndProcessorsAreRefused() {
    assertThat(Architecture.of("Linux", "aarch64")).isEqualTo(Architecture.AARCH64);
    assertThat(Architecture.of("Linux", "amd64")).isEqualTo(Architecture.AMD64);
    assertThatThrownBy(() -> Architecture.of("Mac OS X", "aarch64"))
        .hasMessageContaining("use JvmKernel there");
    assertThatThrownBy(() -> Architecture.of("Linux", "riscv64"))
        .hasMessageContaining("not for riscv64");
  }

  private static int number(Map<String, String> defines, SystemCall call) {
    String value =
        Objects.requireNonNull(defines.get("__NR_" + call.name().toLowerCase(Locale.ROOT)));
    String behind = defines.get(value);
    return Integer.parseInt(behind == null ? value : behind);
  }

  private static Map<String, String> defines(Path header) throws IOException {
    Map<String, String> defines = new HashMap<>();
    if (Files.exists(header)) {
      for (String line : Files.readAllLines(header)) {
        String[] words = line.strip().split("\\s+", -1);
        if (words.length == 3 && words[0].equals("#define")) {
          defines.put(words[1], words[2]);
        }
      }
    }
    return defines;
  }

  private static List<Place> places() throws IOException {
    try (InputStream in = ArchitectureTest.class.getResourceAsStream("/layouts.tsv")) {
      String text =
          new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.US_ASCII);
      return text.lines()
          .map(line -> line.split("\t", -1))
          .map(row -> new Place(row[0], Integer.parseInt(row[1]), Integer.parseInt(row[2])))
          .toList();
    }
  }
}
