package io.ebpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class DoctorTest {
  @TempDir Path root;

  @Test
  void whatTheJvmKernelNeedsIsHere() throws Exception {
    JsonValue checks = CommandRun.of("doctor", "--json").json().get("checks");

    for (String name : List.of("Java 25 or newer", "fast memory access", "native access")) {
      assertThat(checks.named(name).get("ok").value()).as(name).isEqualTo(true);
      assertThat(checks.named(name).get("advice").value()).isSameAs(JsonValue.NULL);
    }
  }

  @Test
  void everyNoHasAnAdvice() {
    String out = CommandRun.of("doctor").succeeded();

    assertThat(out).contains("Java 25 or newer", "bpf(2)", "clang", "bpftool");
    out.lines()
        .filter(line -> line.matches(".* {2,}no {2,}.*"))
        .forEach(line -> {
          String name = line.split(" {2,}", 2)[0];
          assertThat(out.lines()).anyMatch(other -> other.startsWith(name + ": "));
        });
  }

  @Test
  void whereLinuxCanBeUsedEachOfItsFeaturesIsTried() {
    String out = CommandRun.of("doctor").succeeded();

    Assumptions.assumeTrue(
        out.lines().anyMatch(line -> line.matches("bpf\\(2\\) +yes .*")),
        "bpf(2) is not allowed here");
    assertThat(out)
        .containsPattern("Linux's map types +- +(all )?\\d+")
        .containsPattern("Linux's program types +- +(all )?\\d+")
        .containsPattern("iterators +(yes|no) ")
        .containsPattern("functions' entries +(yes|no) ");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aSystemThatHasItSaysYes() throws IOException {
    write("proc/self/status", "Name:\tx\nCapEff:\t000000c000201000\n");
    write("proc/self/limits", "Max locked memory         65536                65536      bytes\n");
    write("proc/self/mounts", "bpf /sys/fs/bpf bpf rw 0 0\ncgroup2 /cg cgroup2 rw 0 0\n");
    write("proc/sys/kernel/unprivileged_bpf_disabled", "2\n");
    write("proc/sys/net/core/bpf_jit_enable", "1\n");
    write("sys/kernel/btf/vmlinux", "");

    assertThat(words())
        .contains("kernel BTF yes " + root + "/sys/kernel/btf/vmlinux")
        .contains("CAP_BPF yes this process has it", "CAP_SYS_ADMIN yes this process has it")
        .contains("CAP_NET_ADMIN yes this process has it", "CAP_PERFMON yes this process has it")
        .contains("bpf(2) without privileges - refused (kernel.unprivileged_bpf_disabled = 2)")
        .contains("locked memory - 65536 bytes, which count before Linux 5.11")
        .contains("Linux's compiler yes on (net.core.bpf_jit_enable = 1)")
        .contains("bpf file system yes /sys/fs/bpf", "cgroup2 yes /cg", "tracefs no not mounted");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aSystemThatLacksItSaysWhatToDo() throws IOException {
    write("proc/self/status", "CapEff:\t0000000000000000\n");
    write("proc/sys/net/core/bpf_jit_enable", "0\n");

    List<Check> checks = new LinuxChecks(root).all();

    assertThat(advice(checks, "CAP_BPF")).contains("run as root, or setcap cap_bpf+ep");
    assertThat(advice(checks, "kernel BTF")).contains("CONFIG_DEBUG_INFO_BTF");
    assertThat(advice(checks, "Linux's compiler")).contains("sysctl net.core.bpf_jit_enable=1");
    assertThat(advice(checks, "bpf file system")).contains("mount -t bpf bpf /sys/fs/bpf");
    assertThat(advice(checks, "cgroup2")).contains("mount -t cgroup2");
  }

  private static String advice(List<Check> checks, String name) {
    return checks.stream()
        .filter(check -> check.name().equals(name))
        .map(check -> String.valueOf(check.advice()))
        .findFirst()
        .orElseThrow();
  }

  private List<String> words() {
    return new LinuxChecks(root)
        .all().stream()
            .map(check -> "%s %s %s".formatted(check.name(), check.word(), check.value()))
            .toList();
  }

  private void write(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
