package io.ebpf4j.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinuxConfigurationTest {
  @ParameterizedTest
  @CsvSource({
    "6.18.44-fc, 0x06122c",
    "6.18.0, 0x061200",
    "6.18-rc1, 0x061200",
    "4.19.321, 0x0413ff",
    "unknown, 0"
  })
  void aReleaseIsAVersionCode(String release, String code) {
    assertThat(LinuxConfiguration.version(release)).isEqualTo(Integer.decode(code));
  }
}
