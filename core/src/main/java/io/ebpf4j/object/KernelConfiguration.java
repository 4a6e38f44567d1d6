package io.ebpf4j.object;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Says what the {@code __kconfig} externs of an object are: the kernel's {@code CONFIG_…} options,
 * written as in its {@code .config} file ({@code y}, {@code m}, {@code n}, a number, or a string in
 * double quotes), and the virtual options that libbpf knows ({@code LINUX_KERNEL_VERSION}, {@code
 * LINUX_HAS_SYSCALL_WRAPPER}, {@code LINUX_HAS_BPF_COOKIE}), written as numbers.
 */
@FunctionalInterface
public interface KernelConfiguration {
  /** The option's value, or empty where it is not set. */
  Optional<String> value(String option);

  /** The kernel in the JVM: Linux 6.18 with BPF and networking, 64-bit, 250 ticks a second. */
  static KernelConfiguration ofJvm() {
    Map<String, String> options =
        Map.ofEntries(
            Map.entry("LINUX_KERNEL_VERSION", Integer.toString(6 << 16 | 18 << 8 | 44)),
            Map.entry("LINUX_HAS_SYSCALL_WRAPPER", "1"),
            Map.entry("LINUX_HAS_BPF_COOKIE", "1"),
            Map.entry("CONFIG_64BIT", "y"),
            Map.entry("CONFIG_BPF", "y"),
            Map.entry("CONFIG_BPF_SYSCALL", "y"),
            Map.entry("CONFIG_BPF_JIT", "y"),
            Map.entry("CONFIG_HZ", "250"),
            Map.entry("CONFIG_INET", "y"),
            Map.entry("CONFIG_NET", "y"),
            Map.entry("CONFIG_SMP", "y"),
            Map.entry("CONFIG_XDP_SOCKETS", "y"));
    return option -> Optional.ofNullable(options.get(option));
  }

  /**
   * A Linux kernel's.
   *
   * @param version as {@code LINUX_VERSION_CODE}: {@code major << 16 | minor << 8 | patch}, where a
   *     patch above 255 counts as 255
   * @param lines of its {@code .config} file, as {@code /proc/config.gz} has it
   */
  static KernelConfiguration ofLinux(int version, Stream<String> lines) {
    Map<String, String> options = new HashMap<>();
    options.put("LINUX_KERNEL_VERSION", Integer.toString(version));
    options.put("LINUX_HAS_SYSCALL_WRAPPER", "1");
    options.put("LINUX_HAS_BPF_COOKIE", "1");
    lines
        .filter(line -> line.startsWith("CONFIG_"))
        .map(line -> line.split("=", 2))
        .filter(option -> option.length == 2)
        .forEach(option -> options.put(option[0], option[1]));
    return option -> Optional.ofNullable(options.get(option));
  }
}
