package io.ebpf4j.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ebpf4j.Kernel;
import io.ebpf4j.spec.Errno;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a refusal says of what is missing, and how to get it. */
class RefusalTest {
  private static final long NET_ADMIN = 1L << 12;
  private static final long SYS_ADMIN = 1L << 21;
  private static final long PERFMON = 1L << 38;
  private static final long BPF = 1L << 39;
  private static final int NEW = 6 << 16 | 18 << 8;
  private static final int OLD = 5 << 16 | 4 << 8;

  @Test
  void aMissingCapabilityIsNamed() {
    assertThat(Privileges.permissionHint(0, true, 2, NEW))
        .contains("lacks CAP_BPF")
        .contains("kernel.unprivileged_bpf_disabled=2");
    assertThat(Privileges.permissionHint(0, true, 0, NEW)).doesNotContain("unprivileged");
    assertThat(Privileges.permissionHint(BPF, true, 2, NEW))
        .contains("CAP_NET_ADMIN, which network programs need")
        .contains("nor CAP_PERFMON");
    assertThat(Privileges.permissionHint(BPF | NET_ADMIN, true, 2, NEW))
        .contains("not CAP_PERFMON")
        .doesNotContain("network");
    assertThat(Privileges.permissionHint(BPF | NET_ADMIN | PERFMON, true, 2, NEW))
        .contains("not CAP_SYS_ADMIN");
  }

  @Test
  void aUserNamespaceIsNoPlaceForBpf() {
    assertThat(Privileges.permissionHint(-1L, false, 2, NEW)).contains("user namespace");
  }

  @Test
  void anOldKernelChargesTheMemlockLimit() {
    assertThat(Privileges.permissionHint(SYS_ADMIN, true, 2, OLD)).contains("ulimit -l unlimited");
    assertThat(Privileges.permissionHint(SYS_ADMIN, true, 2, NEW))
        .contains("forbids it to everybody");
  }

  @ParameterizedTest
  @CsvSource({
    "28, 5.4.0-generic, '; Linux has this since 5.7, and this machine runs 5.4.0-generic'",
    "28, 6.18.0, ''",
    "28, unknown, ''",
    "0, 4.4.0, ''"
  })
  void anOldKernelIsNamedWhereItIsTooOld(int command, String release, String hint) {
    assertThat(BpfCommandAge.hint(command, -Errno.EINVAL.number(), release)).isEqualTo(hint);
    assertThat(BpfCommandAge.hint(command, -Errno.EPERM.number(), release)).isEmpty();
  }

  @Test
  void otherSystemsAndProcessorsAreNamed() {
    assertThat(Architecture.of("Linux", "amd64")).isEqualTo(Architecture.AMD64);
    assertThat(Architecture.of("Linux", "aarch64")).isEqualTo(Architecture.AARCH64);
    assertThatThrownBy(() -> Architecture.of("Mac OS X", "aarch64"))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("Mac OS X")
        .hasMessageContaining("JvmKernel");
    assertThatThrownBy(() -> Architecture.of("Linux", "riscv64"))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("riscv64");
  }

  @Test
  void aProcessWithoutCapabilitiesIsToldWhatItLacks() throws Exception {
    assertThat(told("setpriv", "--bounding-set=-all", "--inh-caps=-all"))
        .contains("to open bpf(2); the process lacks CAP_BPF")
        .contains("(EPERM)");
  }

  @Test
  void aProcessThatMayNotLoadForTheNetworkIsToldSo() throws Exception {
    assertThat(told("setpriv", "--bounding-set=-all,+bpf", "--inh-caps=-all"))
        .contains("'probe' (XDP); the process has CAP_BPF, but not CAP_NET_ADMIN")
        .contains("(EPERM)");
  }

  @Test
  void aProcessInAUserNamespaceIsToldSo() throws Exception {
    assertThat(told("unshare", "--user", "--map-root-user")).contains("in a user namespace");
  }

  /** What {@link RefusedProcess} prints in a process that has less. */
  private static String told(String... prefix) throws IOException, InterruptedException {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux") && Privileges.mayUseBpf(),
        "bpf(2) is not allowed here");
    List<String> command = new ArrayList<>(List.of(prefix));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-cp");
    command.add(
        String.join(
            File.pathSeparator,
            home(RefusedProcess.class),
            home(LinuxKernel.class),
            home(Kernel.class)));
    command.add(RefusedProcess.class.getName());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output;
  }

  private static String home(Class<?> of) {
    try {
      return Path.of(of.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
