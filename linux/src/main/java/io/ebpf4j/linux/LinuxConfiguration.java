package io.ebpf4j.linux;

import io.ebpf4j.BpfException;
import io.ebpf4j.object.KernelConfiguration;
import io.ebpf4j.spec.Errno;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * What this machine's kernel was built with: {@code /boot/config-…} or {@code /proc/config.gz}, in
 * the order in which libbpf looks. Where neither is there no option is known.
 */
final class LinuxConfiguration implements KernelConfiguration {
  private static final Path IN_PROC = Path.of("/proc/config.gz");
  private static final Pattern RELEASE =
      Pattern.compile("(\\d{1,3})\\.(\\d{1,3})(?:\\.(\\d{1,5}))?.*");
  private static final int LARGEST_PATCH = 255;

  private @Nullable KernelConfiguration known;

  /** Read when an object first asks, as most never do. */
  @Override
  public synchronized Optional<String> value(String option) {
    if (known == null) {
      known = read();
    }
    return known.value(option);
  }

  private static KernelConfiguration read() {
    String release = System.getProperty("os.version", "");
    Path inBoot = Path.of("/boot/config-" + release);
    try {
      if (Files.isReadable(inBoot)) {
        try (Stream<String> lines = Files.lines(inBoot)) {
          return KernelConfiguration.ofLinux(version(release), lines);
        }
      }
      if (Files.isReadable(IN_PROC)) {
        try (InputStream file = new GZIPInputStream(Files.newInputStream(IN_PROC));
            BufferedReader text =
                new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
          return KernelConfiguration.ofLinux(version(release), text.lines());
        }
      }
      return KernelConfiguration.ofLinux(version(release), Stream.of());
    } catch (IOException | UncheckedIOException e) {
      throw new BpfException(
          Errno.EIO, "the kernel's configuration cannot be read: " + e.getMessage());
    }
  }

  /** {@code LINUX_VERSION_CODE} of a release such as {@code 6.18.44-generic}. */
  static int version(String release) {
    Matcher matcher = RELEASE.matcher(release);
    if (!matcher.matches()) {
      return 0;
    }
    int patch = matcher.group(3) == null ? 0 : Integer.parseInt(matcher.group(3));
    return Integer.parseInt(matcher.group(1)) << 16
        | Integer.parseInt(matcher.group(2)) << 8
        | Math.min(patch, LARGEST_PATCH);
  }
}
