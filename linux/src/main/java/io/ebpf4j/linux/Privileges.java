package io.ebpf4j.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a refused call may lack, in words that help. */
final class Privileges {
  private static final int EPERM = 1;
  private static final int ENOSYS = 38;
  private static final long CAP_NET_ADMIN = 1L << 12;
  private static final long CAP_SYS_ADMIN = 1L << 21;
  private static final long CAP_PERFMON = 1L << 38;
  private static final long CAP_BPF = 1L << 39;

  private Privileges() {}

  /** What to do about a negative errno, or nothing. */
  static String hint(long result) {
    if (result == -ENOSYS) {
      return "; this kernel was built without bpf(2)";
    }
    return result == -EPERM ? permissionHint(capabilities()) : "";
  }

  /** Why a pin cannot be made at a path, as far as the path shows it, or nothing. */
  static String pinHint(String path) {
    Path directory = Path.of(path).toAbsolutePath().getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      return "; there is no directory " + directory;
    }
    try {
      return Files.getFileStore(directory).type().equals("bpf")
          ? ""
          : "; %s is not on a bpf file system: mount one with mount -t bpf bpf /sys/fs/bpf"
              .formatted(directory);
    } catch (IOException e) {
      return "";
    }
  }

  /** Whether the process has CAP_BPF or CAP_SYS_ADMIN. */
  static boolean mayUseBpf() {
    return (capabilities() & (CAP_BPF | CAP_SYS_ADMIN)) != 0;
  }

  private static String permissionHint(long capabilities) {
    if ((capabilities & CAP_SYS_ADMIN) != 0) {
      return "";
    }
    if ((capabilities & CAP_BPF) == 0) {
      return "; the process lacks CAP_BPF: run it as root, or give it CAP_BPF (with CAP_NET_ADMIN"
          + " for network programs and CAP_PERFMON for tracing)";
    }
    boolean network = (capabilities & CAP_NET_ADMIN) != 0;
    boolean tracing = (capabilities & CAP_PERFMON) != 0;
    if (network && tracing) {
      return "";
    }
    return "; the process has CAP_BPF, but not "
        + (network ? "" : "CAP_NET_ADMIN, which network programs need")
        + (network || tracing ? "" : ", nor ")
        + (tracing ? "" : "CAP_PERFMON, which tracing needs");
  }

  private static long capabilities() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("CapEff:")) {
          return Long.parseUnsignedLong(line.substring(7).strip(), 16);
        }
      }
      return 0;
    } catch (IOException e) {
      return 0;
    }
  }
}
