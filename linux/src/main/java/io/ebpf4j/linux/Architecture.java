package io.ebpf4j.linux;

import java.util.Locale;

/** The processor architectures whose system calls and structures ebpf4j knows. */
enum Architecture {
  AMD64,
  AARCH64;

  /**
   * The host's.
   *
   * @throws UnsupportedOperationException on another system or processor
   */
  static Architecture host() {
    return of(System.getProperty("os.name"), System.getProperty("os.arch"));
  }

  /** That of a system and a processor, as Java names them. */
  static Architecture of(String system, String processor) {
    if (!system.equals("Linux")) {
      throw new UnsupportedOperationException(
          "the Linux kernel cannot be opened on %s: use JvmKernel there".formatted(system));
    }
    return switch (processor.toLowerCase(Locale.ROOT)) {
      case "amd64", "x86_64" -> AMD64;
      case "aarch64" -> AARCH64;
      default ->
          throw new UnsupportedOperationException(
              "bpf(2) is known for amd64 and aarch64, not for %s: use JvmKernel there"
                  .formatted(processor));
    };
  }
}
