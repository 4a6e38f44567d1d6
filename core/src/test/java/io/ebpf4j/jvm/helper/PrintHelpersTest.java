package io.ebpf4j.jvm.helper;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.Errno;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class PrintHelpersTest {
  private static final int DATA = 256;
  private static final int STRING = 512;
  private static final int TARGET = 1024;

  private final HelperMachine machine = new HelperMachine(Clock.fixed(0));

  @AfterEach
  void close() {
    machine.close();
  }

  /** Recorded by bpf_trace_vprintk on Linux: format, arguments, string, result, line. */
  @TestFactory
  List<DynamicTest> formatsAsLinuxDoes() throws IOException {
    return HelperMachine.observed("printk.tsv").stream()
        .map(row ->
            DynamicTest.dynamicTest(
                row[0] + " " + row[1],
                () -> {
                  machine.printed.clear();
                  long format = machine.put(0, bytes(row[0]));
                  long string = machine.put(STRING, bytes(row[3]));
                  String[] arguments = row[1].isEmpty() ? new String[0] : row[1].split(",");
                  for (int i = 0; i < arguments.length; i++) {
                    boolean isString = (Integer.parseInt(row[2]) >> i & 1) != 0;
                    long value = isString ? string : Long.parseLong(arguments[i]);
                    Memory.putLong(machine.memory.address() + DATA + 8L * i, value);
                  }
                  assertThat(
                          PrintHelpers.traceVprintk(
                              machine.cpu,
                              format,
                              bytes(row[0]).length + 1,
                              machine.memory.address() + DATA,
                              arguments.length * 8L))
                      .isEqualTo(Long.parseLong(row[4]));
                  assertThat(machine.printed)
                      .isEqualTo(
                          row[5].equals("-")
                              ? List.of()
                              : List.of(
                                  new String(bytes(row[5].substring(1)), StandardCharsets.UTF_8)));
                }))
        .toList();
  }

  @Test
  void aFormatMustEndWithinItsSize() {
    long format = machine.put(0, "abcdef".getBytes(StandardCharsets.US_ASCII));
    assertThat(PrintHelpers.tracePrintk(machine.cpu, format, 6, 0, 0, 0))
        .isEqualTo(-Errno.EINVAL.number());
    assertThat(PrintHelpers.tracePrintk(machine.cpu, format, 7, 0, 0, 0)).isEqualTo(6);
  }

  @Test
  void printkTakesThreeArguments() {
    long format = machine.put(0, "%d %d %d".getBytes(StandardCharsets.US_ASCII));
    assertThat(PrintHelpers.tracePrintk(machine.cpu, format, 9, 1, 2, 3)).isEqualTo(5);
    assertThat(machine.printed).containsExactly("1 2 3");
    format = machine.put(0, "%d %d %d %d".getBytes(StandardCharsets.US_ASCII));
    assertThat(PrintHelpers.tracePrintk(machine.cpu, format, 12, 1, 2, 3))
        .isEqualTo(-Errno.EINVAL.number());
  }

  @Test
  void argumentsInMemoryAreAtMostTwelveEights() {
    long format = machine.put(0, "x".getBytes(StandardCharsets.US_ASCII));
    long data = machine.memory.address() + DATA;
    for (int size : new int[] {4, 7, 9, 104}) {
      assertThat(PrintHelpers.traceVprintk(machine.cpu, format, 2, data, size))
          .isEqualTo(-Errno.EINVAL.number());
    }
    assertThat(PrintHelpers.traceVprintk(machine.cpu, format, 2, data, 96)).isEqualTo(1);
  }

  @Test
  void aHiddenPointerIsTheSameNumberEachTime() {
    long format = machine.put(0, "%p %pK".getBytes(StandardCharsets.US_ASCII));
    PrintHelpers.tracePrintk(machine.cpu, format, 7, 0x1234, 0x1234, 0);
    assertThat(machine.printed.getFirst()).matches("00000000[0-9a-f]{8} 00000000[0-9a-f]{8}");
    String[] numbers = machine.printed.getFirst().split(" ", -1);
    assertThat(numbers[0]).isEqualTo(numbers[1]).isNotEqualTo("0000000000001234");
  }

  @Test
  void snprintfCutsToItsSizeAndGivesWhatItNeeds() {
    // Recorded on Linux: "%d %s|" with 42 and a string of ten digits needs 15 bytes.
    long format = machine.put(0, "%d %s|".getBytes(StandardCharsets.US_ASCII));
    long string = machine.put(STRING, "0123456789".getBytes(StandardCharsets.US_ASCII));
    long data = machine.memory.address() + DATA;
    Memory.putLong(data, 42);
    Memory.putLong(data + 8, string);
    String[] expected = {"####", "\0###", "4\0##", "42\0#", "42 \0"};
    for (int size = 0; size < expected.length; size++) {
      long target = machine.put(TARGET, "####".getBytes(StandardCharsets.US_ASCII));
      assertThat(PrintHelpers.snprintf(machine.cpu, target, size, format, data, 16)).isEqualTo(15);
      assertThat(new String(machine.get(TARGET, 4), StandardCharsets.US_ASCII))
          .isEqualTo(expected[size]);
    }
    assertThat(PrintHelpers.snprintf(machine.cpu, 0, 0, format, data, 16)).isEqualTo(15);
    assertThat(
            PrintHelpers.snprintf(
                machine.cpu, machine.put(TARGET, new byte[0]), 64, format, data, 16))
        .isEqualTo(15);
    assertThat(new String(machine.get(TARGET, 15), StandardCharsets.US_ASCII))
        .isEqualTo("42 0123456789|\0");
  }

  private static byte[] bytes(String escaped) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < escaped.length(); i++) {
      if (escaped.charAt(i) == '\\') {
        bytes.write(Integer.parseInt(escaped, i + 2, i + 4, 16));
        i += 3;
      } else {
        bytes.write(escaped.charAt(i));
      }
    }
    return bytes.toByteArray();
  }
}
