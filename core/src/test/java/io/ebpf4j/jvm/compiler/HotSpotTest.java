package io.ebpf4j.jvm.compiler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ebpf4j.jvm.memory.Memory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What HotSpot makes of generated classes, by the compilers' own log in a JVM of their own. */
class HotSpotTest {
  /** {@code 1234 567 % 4 ebpf.hot::hot$3 @ 12 (6500 bytes)}. */
  private static final Pattern COMPILED =
      Pattern.compile("^ *\\d+ +\\d+ [ %sbn!]* +([1-4]) +ebpf\\.hot::(\\S+).*\\((\\d+) bytes\\)");

  private static final Pattern REFUSED =
      Pattern.compile("^ *@ \\d+ +(\\S+)::(\\S+) .*(too big|too large|DesiredMethod|NodeCount).*");

  @TempDir Path directory;

  /** The JVMs choose their way themselves: once is enough. */
  @BeforeAll
  static void onlyOnce() {
    assumeTrue(Memory.FAST);
  }

  @Test
  void everyPartOfALongProgramIsCompiledByC2() throws Exception {
    Log log = run("long", 20_000, "DIRECT", 7000, 5_000);

    assertThat(log.lines()).contains("agrees");
    assertThat(log.parts()).isGreaterThan(20);
    assertThat(log.largest()).isLessThan(8000);
    assertThat(log.compiledByC2()).containsAll(log.partNames());
    assertThat(log.refusedForSize()).isEmpty();
  }

  @Test
  void aPartDenseInLoadsIsCompiledByC2WithAllOfThem() throws Exception {
    Log log = run("loads", 290, "DIRECT", 10_000, 20_000);

    assertThat(log.lines()).contains("agrees", "parts 1");
    assertThat(log.compiledByC2()).contains("hot");
    assertThat(log.largest()).isBetween(6000, 8000);
    assertThat(log.refusedForSize()).isEmpty();
  }

  /** The portable way with default flags; C1 gives such a method up, and C2 takes it. */
  @ParameterizedTest
  @CsvSource({"50, WRAPPED", "100, WRAPPED", "150, WRAPPED", "100, DIRECT", "150, DIRECT"})
  void manyAccessesInAMethodAreCompiledOnBothWays(int loads, String way) throws Exception {
    Log log = run("loads", loads, way, 7000, 20_000);

    assertThat(log.lines()).contains("agrees", "parts 1");
    assertThat(log.compiledByC2()).contains("hot");
  }

  private record Log(List<String> lines) {
    int parts() {
      return lines.stream()
          .filter(line -> line.startsWith("parts "))
          .mapToInt(line -> Integer.parseInt(line.substring(6)))
          .findFirst()
          .orElseThrow();
    }

    /** The methods of parts. */
    Set<String> partNames() {
      Set<String> names = new TreeSet<>();
      for (int part = 0; part < parts(); part++) {
        names.add("hot$" + part);
      }
      return names;
    }

    Set<String> compiledByC2() {
      Set<String> names = new TreeSet<>();
      lines.stream()
          .map(COMPILED::matcher)
          .filter(found -> found.find() && found.group(1).equals("4"))
          .forEach(found -> names.add(found.group(2)));
      return names;
    }

    int largest() {
      return lines.stream()
          .map(COMPILED::matcher)
          .filter(Matcher::find)
          .mapToInt(found -> Integer.parseInt(found.group(3)))
          .max()
          .orElse(0);
    }

    /** Callees that were not inlined for size: parts call each other and are none. */
    List<String> refusedForSize() {
      return lines.stream()
          .filter(line -> {
            Matcher refused = REFUSED.matcher(line);
            return refused.matches() && !refused.group(1).equals("ebpf.hot");
          })
          .toList();
    }
  }

  /** A JVM that dies of a signal fails the test, as one that ends otherwise than well. */
  private Log run(String program, int size, String way, int partBytes, int runs) throws Exception {
    Path output = directory.resolve("log");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (way.equals("DIRECT")) {
      command.add("--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED");
    }
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "-XX:+UnlockDiagnosticVMOptions",
            "-XX:CompileCommand=quiet",
            "-XX:CompileCommand=PrintCompilation,ebpf.*::*",
            "-XX:CompileCommand=PrintInlining,ebpf.*::*",
            "-XX:-BackgroundCompilation",
            "-cp",
            System.getProperty("java.class.path"),
            LongProgramRun.class.getName(),
            program,
            Integer.toString(size),
            way,
            Integer.toString(partBytes),
            Integer.toString(runs)));
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .directory(directory.toFile())
            .start();
    try {
      assertThat(process.waitFor(10, TimeUnit.MINUTES)).as("ends in time").isTrue();
    } finally {
      process.destroyForcibly();
    }
    List<String> lines = lines(output);
    assertThat(process.exitValue()).as(() -> String.join("\n", lines)).isZero();
    return new Log(lines);
  }

  private static List<String> lines(Path output) throws IOException {
    return Files.readAllLines(output, StandardCharsets.UTF_8);
  }
}
