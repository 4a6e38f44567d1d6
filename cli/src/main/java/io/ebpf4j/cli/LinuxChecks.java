package io.ebpf4j.cli;

import io.ebpf4j.BpfException;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.isa.Assembler;
import io.ebpf4j.linux.LinuxKernel;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What {@code doctor} looks at in the system: what {@code --on linux} needs, and tools. */
final class LinuxChecks {
  private static final String JVM_ONLY =
      "programs run on the JVM kernel here, which needs no Linux";

  /** Capabilities by their bit, with what they are needed for. */
  private enum Capability {
    CAP_BPF(39, "nothing runs on Linux without it"),
    CAP_NET_ADMIN(12, "XDP, tc, cgroup and socket programs need it"),
    CAP_PERFMON(38, "tracing programs need it, and programs that look at pointers"),
    CAP_SYS_ADMIN(21, "program ids, map ids and pins of others need it");

    private final int bit;
    private final String need;

    Capability(int bit, String need) {
      this.bit = bit;
      this.need = need;
    }
  }

  private final Path root;

  /** Looks below a directory that has {@code proc} and {@code sys}. */
  LinuxChecks(Path root) {
    this.root = root;
  }

  List<Check> all() {
    List<Check> checks = new ArrayList<>();
    if (System.getProperty("os.name").equals("Linux")) {
      checks.addAll(bpf());
      checks.add(types());
      checks.addAll(capabilities());
      checks.add(unprivileged());
      checks.add(lockedMemory());
      checks.add(compiler());
      checks.add(mount("bpf file system", "bpf", "mount -t bpf bpf /sys/fs/bpf", "to pin there"));
      checks.add(
          mount(
              "cgroup2",
              "cgroup2",
              "mount -t cgroup2 none /sys/fs/cgroup",
              "to attach cgroup programs"));
      checks.add(
          mount(
              "tracefs",
              "tracefs",
              "mount -t tracefs none /sys/kernel/tracing",
              "to read what programs print on Linux, and to trace events"));
    } else {
      checks.add(Check.no("bpf(2)", System.getProperty("os.name") + " has none", JVM_ONLY));
    }
    checks.add(tool("clang", "to compile programs: clang -O2 -g -target bpf"));
    checks.add(tool("bpftool", "to look at Linux's programs and maps, and to write vmlinux.h"));
    return checks;
  }

  /** A program that passes every packet is loaded and run; then each feature is tried. */
  private static List<Check> bpf() {
    String name = "bpf(2)";
    ProgramSpec pass =
        ProgramSpec.of("pass", ProgramType.XDP, Assembler.assemble("r0 = 2\nexit").instructions());
    try (LinuxKernel kernel = LinuxKernel.open();
        Program program = kernel.loadProgram(pass, Map.of())) {
      program.testRun(TestRun.of(new byte[64]));
      List<Check> checks = new ArrayList<>();
      checks.add(
          Check.yes(
              name, "a program was loaded and run by Linux " + System.getProperty("os.version")));
      checks.addAll(FeatureChecks.all(kernel.features()));
      return checks;
    } catch (BpfException | UnsupportedOperationException e) {
      return List.of(
          Check.no(name, String.valueOf(e.getMessage()), "--on linux cannot be used; " + JVM_ONLY));
    }
  }

  private Check types() {
    String name = "kernel BTF";
    Path file = at("sys/kernel/btf/vmlinux");
    return Files.isReadable(file)
        ? Check.yes(name, file.toString())
        : Check.no(
            name,
            file + " cannot be read",
            "CO-RE, tp_btf, fentry and iterators need it on Linux: take a kernel with"
                + " CONFIG_DEBUG_INFO_BTF");
  }

  private List<Check> capabilities() {
    long effective =
        field(at("proc/self/status"), "CapEff:")
            .map(hex -> Long.parseUnsignedLong(hex, 16))
            .orElse(0L);
    List<Check> checks = new ArrayList<>();
    for (Capability capability : Capability.values()) {
      boolean has = (effective & 1L << capability.bit) != 0;
      checks.add(
          has
              ? Check.yes(capability.name(), "this process has it")
              : Check.no(
                  capability.name(),
                  "this process lacks it",
                  capability.need
                      + ": run as root, or setcap "
                      + capability.name().toLowerCase(Locale.ROOT)
                      + "+ep on a java of your own"));
    }
    return checks;
  }

  private Check unprivileged() {
    String name = "bpf(2) without privileges";
    String value = line(at("proc/sys/kernel/unprivileged_bpf_disabled")).orElse("");
    return switch (value) {
      case "0" -> Check.optional(name, "allowed for some types", null);
      case "1" -> Check.optional(name, "refused until the next start of Linux", null);
      case "2" -> Check.optional(name, "refused (kernel.unprivileged_bpf_disabled = 2)", null);
      default ->
          Check.optional(name, "not known: " + (value.isEmpty() ? "no setting" : value), null);
    };
  }

  private Check lockedMemory() {
    String name = "locked memory";
    String limit = field(at("proc/self/limits"), "Max locked memory").orElse("not known");
    String soft = limit.split("\\s+", 2)[0];
    return Check.optional(
        name,
        soft.equals("unlimited") ? "unlimited" : soft + " bytes, which count before Linux 5.11",
        null);
  }

  private Check compiler() {
    String name = "Linux's compiler";
    String value = line(at("proc/sys/net/core/bpf_jit_enable")).orElse("");
    return switch (value) {
      case "1", "2" -> Check.yes(name, "on (net.core.bpf_jit_enable = " + value + ")");
      case "0" ->
          Check.no(
              name,
              "off: Linux interprets programs",
              "their times are those of an interpreter: sysctl net.core.bpf_jit_enable=1");
      default -> Check.optional(name, "not known", null);
    };
  }

  private Check mount(String name, String type, String how, String what) {
    for (String mount : lines(at("proc/self/mounts"))) {
      String[] fields = mount.split(" ", 4);
      if (fields.length > 2 && fields[2].equals(type)) {
        return Check.yes(name, fields[1]);
      }
    }
    return Check.no(name, "not mounted", how + ", " + what);
  }

  /** The tool under its name, or the newest under its name with a version. */
  private static Check tool(String name, String what) {
    Pattern wanted = Pattern.compile(Pattern.quote(name) + "(?:-(\\d{1,4}))?");
    String path = System.getenv().getOrDefault("PATH", "");
    Path best = null;
    int bestVersion = -1;
    for (String directory : path.split(File.pathSeparator, -1)) {
      String[] files = directory.isEmpty() ? null : new File(directory).list();
      for (String file : files == null ? new String[0] : files) {
        Matcher matcher = wanted.matcher(file);
        if (matcher.matches() && Files.isExecutable(Path.of(directory, file))) {
          int version =
              matcher.group(1) == null ? Integer.MAX_VALUE : Integer.parseInt(matcher.group(1));
          if (version > bestVersion) {
            best = Path.of(directory, file);
            bestVersion = version;
          }
        }
      }
    }
    return best == null
        ? Check.optional(name, "not on PATH", "install it " + what)
        : Check.optional(name, best.toString(), null);
  }

  private Path at(String path) {
    return root.resolve(path);
  }

  /** What stands behind a word at the beginning of a line. */
  private static Optional<String> field(Path file, String word) {
    return lines(file).stream()
        .filter(line -> line.startsWith(word))
        .map(line -> line.substring(word.length()).strip())
        .findFirst();
  }

  private static Optional<String> line(Path file) {
    List<String> lines = lines(file);
    return lines.isEmpty() ? Optional.empty() : Optional.of(lines.getFirst().strip());
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      return List.of();
    }
  }
}
