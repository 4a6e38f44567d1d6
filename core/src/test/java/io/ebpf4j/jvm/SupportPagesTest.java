package io.ebpf4j.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.jvm.helper.HelperNames;
import io.ebpf4j.jvm.helper.HelperPrototype;
import io.ebpf4j.spec.MapType;
import io.ebpf4j.spec.ProgramType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Writes {@code docs/maps.md} and {@code docs/helpers.md}: what of Linux 6.18 each kernel has, out
 * of the tables that programs are checked against.
 */
class SupportPagesTest {
  private static final Path DOCS = docs();

  private static final String MAPS =
      """
      # Map types

      What of Linux 6.18's map types each kernel has. Written by the test `SupportPagesTest` from the tables that the
      JVM kernel itself asks; a type that is not built is refused by its name when a map of it is created (EINVAL).

      | type | number | JVM kernel | Linux kernel |
      | --- | --- | --- | --- |
      """;

  private static final String HELPERS =
      """
      # Helper functions

      What of Linux 6.18's helpers programs may call on each kernel. Written by the test `SupportPagesTest` from the
      tables that the verifier and the compiler ask. *Verified*: the verifier knows the helper's prototype, and a program
      that calls it is judged as on Linux, but not run: loading says so by the helper's name. On Linux every helper is
      there whose program type allows it.

      | number | helper | JVM kernel | for |
      | --- | --- | --- | --- |
      """;

  @Test
  void everyMapTypeIsTold() throws IOException {
    StringBuilder page = new StringBuilder(MAPS);
    try (JvmKernel kernel = JvmKernel.create()) {
      for (MapType type : MapType.values()) {
        if (type != MapType.UNSPEC) {
          page.append(
              "| %s | %d | %s | yes |\n"
                  .formatted(type, type.id(), kernel.hasMapType(type) ? "yes" : "not built"));
        }
      }
    }
    write("maps.md", page.toString());
    assertThat(page).contains("| HASH | 1 | yes | yes |", "| ARENA | 33 | not built | yes |");
  }

  @Test
  void everyHelperIsTold() throws IOException {
    StringBuilder page = new StringBuilder(HELPERS);
    for (int id = 1; id <= HelperNames.last(); id++) {
      String name = HelperNames.nameOf(id).orElse("");
      if (!name.isEmpty()) {
        page.append(
            "| %d | bpf_%s | %s | %s |\n".formatted(id, name, status(id), programTypes(id)));
      }
    }
    write("helpers.md", page.toString());
    assertThat(page)
        .contains("| 1 | bpf_map_lookup_elem | runs | every type |", "| 131 | bpf_ringbuf_reserve");
  }

  private static String status(int id) {
    if (!Subsystems.helpers().find(id).isEmpty()) {
      return "runs";
    }
    return Subsystems.helpers().isKnown(id) ? "verified" : "not known";
  }

  private static String programTypes(int id) {
    List<HelperPrototype> built = Subsystems.helpers().find(id);
    if (built.isEmpty()) {
      return "";
    }
    Set<ProgramType> types = EnumSet.noneOf(ProgramType.class);
    for (HelperPrototype helper : built) {
      if (helper.programTypes().isEmpty()) {
        return "every type";
      }
      types.addAll(helper.programTypes());
    }
    return types.stream().map(ProgramType::name).collect(Collectors.joining(", "));
  }

  private static void write(String name, String page) throws IOException {
    Path file = DOCS.resolve(name);
    if (!Files.exists(file) || !Files.readString(file).equals(page)) {
      Files.writeString(file, page);
    }
  }

  /** The folder at the root, whichever folder the tests run in. */
  private static Path docs() {
    Path here = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(here.resolve("docs"))) {
      here = here.getParent();
    }
    return here.resolve("docs");
  }
}
