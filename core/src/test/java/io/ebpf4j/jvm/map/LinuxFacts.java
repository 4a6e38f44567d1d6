package io.ebpf4j.jvm.map;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** What a live Linux 6.18 answered, line by line: a case, then the answer. */
final class LinuxFacts {
  private static final int CASE_COLUMNS = 61;

  private LinuxFacts() {}

  record Fact(String name, String answer) {
    @Override
    public String toString() {
      return name + ": " + answer;
    }
  }

  static List<Fact> arrays() {
    try (InputStream resource =
        Objects.requireNonNull(
            LinuxFacts.class.getResourceAsStream("linux-6.18-arrays.txt"), "the facts")) {
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line ->
              new Fact(
                  line.substring(0, CASE_COLUMNS).strip(), line.substring(CASE_COLUMNS).strip()))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
