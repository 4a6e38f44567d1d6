package io.ebpf4j.jvm.helper;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.memory.Memory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The string helpers and the checksum, against what they gave on Linux. */
class StringHelpersTest {
  private static final int SECOND = 512;
  private static final int RESULT = 1024;

  private final HelperMachine machine = new HelperMachine(Clock.fixed(0));

  @AfterEach
  void close() {
    machine.close();
  }

  @TestFactory
  List<DynamicTest> answersAsLinuxDoes() throws IOException {
    return HelperMachine.observed("strings.tsv").stream()
        .map(row ->
            DynamicTest.dynamicTest(
                String.join(" ", row),
                () -> {
                  Memory.putLong(machine.memory.address() + RESULT, 0);
                  assertThat(call(row)).isEqualTo(Long.parseLong(row[4]));
                  assertThat(Memory.getLong(machine.memory.address() + RESULT))
                      .isEqualTo(Long.parseLong(row[5]));
                }))
        .toList();
  }

  private long call(String[] row) {
    byte[] bytes = HexFormat.of().parseHex(row[1]);
    long first = machine.put(0, bytes);
    long number = Long.parseUnsignedLong(row[3]);
    long result = machine.memory.address() + RESULT;
    if (row[0].equals("csum_diff")) {
      byte[] second = HexFormat.of().parseHex(row[2]);
      return ChecksumHelpers.csumDiff(
          machine.cpu, first, bytes.length, machine.put(SECOND, second), second.length, number);
    }
    long size = Long.parseLong(row[2]);
    return switch (row[0]) {
      case "strtol" -> StringHelpers.strtol(machine.cpu, first, size, number, result);
      case "strtoul" -> StringHelpers.strtoul(machine.cpu, first, size, number, result);
      default ->
          StringHelpers.strncmp(
              machine.cpu,
              first,
              size,
              machine.put(SECOND, "abc".getBytes(StandardCharsets.US_ASCII)));
    };
  }
}
