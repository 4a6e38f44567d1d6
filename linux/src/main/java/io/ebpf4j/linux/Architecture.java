package io.ebpf4j.linux;

import java.util.Locale;

/** System call numbers of the processor architectures that ebpf4j knows. */
enum Architecture {
  AMD64(321, 0, 3, 9, 11, 257, 308, 203, 204),
  AARCH64(280, 63, 57, 222, 215, 56, 268, 122, 123);

  final int bpf;
  final int read;
  final int close;
  final int mmap;
  final int munmap;
  final int openat;
  final int setns;
  final int schedSetaffinity;
  final int schedGetaffinity;

  Architecture(
      int bpf,
      int read,
      int close,
      int mmap,
      int munmap,
      int openat,
      int setns,
      int schedSetaffinity,
      int schedGetaffinity) {
    this.bpf = bpf;
    this.read = read;
    this.close = close;
    this.mmap = mmap;
    this.munmap = munmap;
    this.openat = openat;
    this.setns = setns;
    this.schedSetaffinity = schedSetaffinity;
    this.schedGetaffinity = schedGetaffinity;
  }

  /**
   * The host's.
   *
   * @throws UnsupportedOperationException on another system or processor
   */
  static Architecture host() {
    String system = System.getProperty("os.name");
    String processor = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    if (!system.equals("Linux")) {
      throw new UnsupportedOperationException(
          "the Linux kernel cannot be opened on %s: use JvmKernel there".formatted(system));
    }
    return switch (processor) {
      case "amd64", "x86_64" -> AMD64;
      case "aarch64" -> AARCH64;
      default ->
          throw new UnsupportedOperationException(
              "bpf(2) is known for amd64 and aarch64, not for %s: use JvmKernel there"
                  .formatted(processor));
    };
  }
}
