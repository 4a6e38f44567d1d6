package io.ebpf4j.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a refused call may lack, in words that help. */
final class Privileges {
  private static final int EPERM = 1;
  private static final int ENOSYS = 38;
  private static final long CAP_SYS_ADMIN = 1L << 21;
  private static final long CAP_BPF = 1L << 39;

  private Privileges() {}

  /** What to do about a negative errno, or nothing. */
  static String hint(long result) {
    if (result == -ENOSYS) {
      return "; this kernel was built without bpf(2)";
    }
    if (result == -EPERM && !mayUseBpf()) {
      return "; the process lacks CAP_BPF: run it as root, or give it CAP_BPF (with CAP_NET_ADMIN"
          + " for network programs and CAP_PERFMON for tracing)";
    }
    return "";
  }

  /** Whether the process has CAP_BPF or CAP_SYS_ADMIN. */
  static boolean mayUseBpf() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("CapEff:")) {
          long effective = Long.parseUnsignedLong(line.substring(7).strip(), 16);
          return (effective & (CAP_BPF | CAP_SYS_ADMIN)) != 0;
        }
      }
      return false;
    } catch (IOException e) {
      return false;
    }
  }
}
