package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestTemplate;
import org.junit.platform.commons.support.AnnotationSupport;

/** Writes {@code docs/conformance.md}: what the twin tests compare, by their names. */
class ConformancePageTest {
  private static final Path PAGE =
      Path.of(System.getProperty("ebpf4j.root"), "docs", "conformance.md");

  private static final String HEAD =
      """
      # What is compared with Linux

      Each line is a test of the module `conformance`, whose body runs on the kernel in the JVM and on the real one,
      with the same expectations or with all answers compared. The suite writes this page. The random tests run for
      60 seconds together, or as long as `-Debpf4j.random.seconds=3600` says. They compare every return value, errno
      and byte; a difference is shrunk to the steps that make it, and `-Debpf4j.random.case=…` runs it again. An hour of
      them was 48 million answers without a difference. Random programs for the verifier alone run for 3 seconds beside.

      """;

  private static final String DIFFERENCES =
      """
      ## Known differences

      - Test runs with `BPF_F_TEST_SKB_CHECKSUM_COMPLETE` and the hooks that the README names as not built are refused by
        the JVM kernel; it says so.
      - A 32-bit compare-and-exchange that succeeds: the upper half of R0 becomes 0, as RFC 9669 says. On amd64 Linux
        leaves it as it was where its verifier meets the 64-bit use of R0 on a path that it has pruned, since only
        an explored path adds the zero extension. The random programs zero it themselves.
      - `struct bpf_map` has the JVM kernel's own layout: a program that reads a map's members relocates them (CO-RE), and
        one that names their places by number is judged by other places on each kernel.
      - Which CPU a test run gets without being told is each kernel's own choice: per-CPU counters are compared as sums.
      """;

  @Test
  void thePageNamesEveryTwinTest() throws IOException, URISyntaxException {
    List<Class<?>> classes = twinTests();
    assertThat(classes).contains(ArrayElementsTwinTest.class, RandomMapTwinTest.class);
    String page =
        HEAD
            + ("%d tests in %d classes, %d recorded answers to the creation of arrays, and %d"
                    + " programs whose verdict is recorded.\n\n")
                .formatted(
                    classes.stream().mapToInt(c -> tests(c).size()).sum(),
                    classes.size(),
                    recordedAnswers(),
                    VerdictCorpus.read().stream().mapToInt(group -> group.cases().size()).sum())
            + classes.stream().map(ConformancePageTest::section).collect(Collectors.joining())
            + DIFFERENCES;
    if (!Files.exists(PAGE) || !Files.readString(PAGE).equals(page)) {
      Files.writeString(PAGE, page);
    }
    assertThat(page).contains("- an array is zeroed and ends at its last index\n");
  }

  private static List<Class<?>> twinTests() throws IOException, URISyntaxException {
    Path own =
        Path.of(
            ConformancePageTest.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    Path directory = own.resolve(ConformancePageTest.class.getPackageName().replace('.', '/'));
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.endsWith("TwinTest.class"))
          .sorted()
          .<Class<?>>map(name -> load(name.substring(0, name.length() - ".class".length())))
          .toList();
    }
  }

  private static Class<?> load(String name) {
    try {
      return Class.forName(ConformancePageTest.class.getPackageName() + "." + name);
    } catch (ClassNotFoundException e) {
      throw new AssertionError("its class file is there", e);
    }
  }

  private static String section(Class<?> tests) {
    String title = sentence(tests.getSimpleName().replace("TwinTest", ""));
    String first = title.substring(0, 1).toUpperCase(Locale.ROOT);
    return "## %s%s\n\n%s\n\n"
        .formatted(
            first,
            title.substring(1),
            tests(tests).stream().map(test -> "- " + test).collect(Collectors.joining("\n")));
  }

  private static List<String> tests(Class<?> tests) {
    return Arrays.stream(tests.getDeclaredMethods())
        .filter(ConformancePageTest::isTest)
        .map(method -> sentence(method.getName()))
        .sorted()
        .toList();
  }

  private static boolean isTest(Method method) {
    return Stream.of(Test.class, TestTemplate.class, Property.class)
        .anyMatch(annotation -> AnnotationSupport.isAnnotated(method, annotation));
  }

  private static String sentence(String name) {
    return name.replaceAll("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ")
        .toLowerCase(Locale.ROOT);
  }

  private static long recordedAnswers() throws IOException, URISyntaxException {
    try (Stream<String> lines =
        Files.lines(
            Path.of(
                Objects.requireNonNull(ConformancePageTest.class.getResource("/array-creation.txt"))
                    .toURI()))) {
      return lines.count();
    }
  }
}
