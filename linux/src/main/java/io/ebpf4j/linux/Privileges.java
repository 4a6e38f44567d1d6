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

  /** Linux 5.11: memory is charged to control groups from then on. */
  private static final int CHARGED_TO_CGROUPS = 5 << 16 | 11 << 8;

  private Privileges() {}

  /** What to do about a negative errno, or nothing. */
  static String hint(long result) {
    if (result == -ENOSYS) {
      return "; this kernel was built without it (bpf(2) needs CONFIG_BPF_SYSCALL)";
    }
    return result == -EPERM
        ? permissionHint(
            capabilities(),
            inFirstUserNamespace(),
            number(Path.of("/proc/sys/kernel/unprivileged_bpf_disabled")),
            LinuxConfiguration.version(System.getProperty("os.version")))
        : "";
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

  /**
   * What a process lacks that was refused by EPERM.
   *
   * @param capabilities the effective ones
   * @param inFirstUserNamespace whether these count for the whole machine
   * @param unprivilegedBpfDisabled the sysctl kernel.unprivileged_bpf_disabled, or -1 where there
   *     is none
   * @param version the kernel's, as LINUX_VERSION_CODE
   */
  static String permissionHint(
      long capabilities, boolean inFirstUserNamespace, int unprivilegedBpfDisabled, int version) {
    if (!inFirstUserNamespace) {
      return "; the process is in a user namespace, whose capabilities do not count for bpf(2):"
          + " run it outside, as root or with CAP_BPF";
    }
    boolean all = (capabilities & CAP_SYS_ADMIN) != 0;
    if (!all && (capabilities & CAP_BPF) == 0) {
      return "; the process lacks CAP_BPF: run it as root, or give it CAP_BPF (with CAP_NET_ADMIN"
          + " for network programs and CAP_PERFMON for tracing)"
          + (unprivilegedBpfDisabled > 0
              ? "; kernel.unprivileged_bpf_disabled=%d forbids bpf(2) to all others"
                  .formatted(unprivilegedBpfDisabled)
              : "");
    }
    if (version != 0 && version < CHARGED_TO_CGROUPS) {
      return "; this kernel charges maps and programs to the memlock limit, which may be used up:"
          + " raise it with ulimit -l unlimited";
    }
    if (all) {
      return "; the process has CAP_SYS_ADMIN, so this machine forbids it to everybody: kernel"
          + " lockdown, a security module, or a hypervisor's or container's filter";
    }
    boolean network = (capabilities & CAP_NET_ADMIN) != 0;
    boolean tracing = (capabilities & CAP_PERFMON) != 0;
    if (network && tracing) {
      return "; the process has CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON, but not CAP_SYS_ADMIN,"
          + " which lists of ids and some programs need";
    }
    return "; the process has CAP_BPF, but not "
        + (network ? "" : "CAP_NET_ADMIN, which network programs need")
        + (network || tracing ? "" : ", nor ")
        + (tracing ? "" : "CAP_PERFMON, which tracing needs");
  }

  private static boolean inFirstUserNamespace() {
    try {
      return Files.readString(Path.of("/proc/self/uid_map"))
          .strip()
          .split(" +", -1)[2]
          .equals("4294967295");
    } catch (IOException e) {
      return true;
    }
  }

  private static int number(Path file) {
    try {
      return Integer.parseInt(Files.readString(file).strip());
    } catch (IOException e) {
      return -1;
    }
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
