package io.ebpf4j.realworld;

import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The objects of Debian's package libxdp1: installed, or unpacked into the build's folder by apt.
 */
final class DebianObjects {
  private static final String PACKAGE = "libxdp1";
  private static final int SECONDS = 120;

  private DebianObjects() {}

  /**
   * The folder; where there is none, the test is skipped, or fails where nothing may be skipped.
   */
  static Path folder() throws IOException, InterruptedException {
    Path unpacked = Path.of("target", PACKAGE).toAbsolutePath();
    Optional<Path> folder = in(Path.of("/usr/lib")).or(() -> in(unpacked.resolve("usr/lib")));
    if (folder.isEmpty() && Files.isExecutable(Path.of("/usr/bin/apt-get"))) {
      unpack(unpacked);
      folder = in(unpacked.resolve("usr/lib"));
    }
    if (folder.isEmpty()) {
      String reason = "no objects of %s: install it, or let apt-get download it".formatted(PACKAGE);
      if ("1".equals(System.getenv("EBPF4J_REQUIRE_LINUX"))) {
        return fail(reason);
      }
      System.out.println("Not run: " + reason);
      return abort(reason);
    }
    return folder.get();
  }

  private static Optional<Path> in(Path libraries) {
    try (Stream<Path> machines = Files.list(libraries)) {
      return machines
          .map(machine -> machine.resolve("bpf"))
          .filter(folder -> Files.exists(folder.resolve("xdpfilt_dny_all.o")))
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static void unpack(Path into) throws IOException, InterruptedException {
    Files.createDirectories(into);
    if (!done(into, "apt-get", "-qq", "download", PACKAGE)) {
      done(into, "apt-get", "-qq", "update");
      done(into, "apt-get", "-qq", "download", PACKAGE);
    }
    try (Stream<Path> files = Files.list(into)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".deb")).toList()) {
        done(into, "dpkg-deb", "-x", file.toString(), into.toString());
      }
    }
  }

  private static boolean done(Path folder, String... command)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(List.of(command))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      return false;
    }
    return process.exitValue() == 0;
  }
}
