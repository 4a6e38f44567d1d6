package io.ebpf4j;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.googlejavaformat.java.Formatter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * One formatter decides the layout. {@code mvn test -pl core -Dtest=SourceFormatTest
 * -Debpf4j.format=apply} rewrites what differs.
 */
class SourceFormatTest {
  @Test
  void everySourceFileIsFormatted() throws Exception {
    Formatter formatter = new Formatter();
    boolean apply = "apply".equals(System.getProperty("ebpf4j.format"));
    List<Path> wrong = new ArrayList<>();
    for (Path file : sources()) {
      String source = Files.readString(file);
      String formatted = formatter.formatSourceAndFixImports(source);
      if (!formatted.equals(source)) {
        if (apply) {
          Files.writeString(file, formatted);
        } else {
          wrong.add(file);
        }
      }
    }
    assertThat(wrong).as("files to format; -Debpf4j.format=apply does it").isEmpty();
  }

  private static List<Path> sources() throws Exception {
    Path root = Path.of(System.getProperty("ebpf4j.root"));
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .filter(file -> !root.relativize(file).toString().contains("target"))
          .toList();
    }
  }
}
