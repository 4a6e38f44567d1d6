package io.ebpf4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.spec.ProgramType;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ReportPartsTest {
  @Test
  void verdictsHaveTheNamesOfTheHeaders() {
    assertThat(Verdicts.name(ProgramType.XDP, 0)).isEqualTo("XDP_ABORTED");
    assertThat(Verdicts.name(ProgramType.XDP, 4)).isEqualTo("XDP_REDIRECT");
    assertThat(Verdicts.name(ProgramType.XDP, 5)).isEqualTo("5");
    assertThat(Verdicts.name(ProgramType.XDP, -1)).isEqualTo("4294967295");
    assertThat(Verdicts.name(ProgramType.SCHED_CLS, -1)).isEqualTo("TC_ACT_UNSPEC");
    assertThat(Verdicts.name(ProgramType.SCHED_CLS, 2)).isEqualTo("TC_ACT_SHOT");
    assertThat(Verdicts.name(ProgramType.SCHED_ACT, 8)).isEqualTo("TC_ACT_TRAP");
    assertThat(Verdicts.name(ProgramType.SCHED_CLS, 9)).isEqualTo("9");
    assertThat(Verdicts.name(ProgramType.SOCKET_FILTER, 65535)).isEqualTo("65535");
  }

  @Test
  void whatPassesGoesUpTheStack() {
    assertThat(Verdicts.passes(ProgramType.XDP, 2)).isTrue();
    assertThat(Verdicts.passes(ProgramType.XDP, 3)).isFalse();
    assertThat(Verdicts.passes(ProgramType.SCHED_CLS, -1)).isTrue();
    assertThat(Verdicts.passes(ProgramType.SCHED_CLS, 2)).isFalse();
    assertThat(Verdicts.passes(ProgramType.SOCKET_FILTER, 0)).isFalse();
    assertThat(Verdicts.passes(ProgramType.SOCKET_FILTER, 40)).isTrue();
  }

  @Test
  void countsAreInTheOrderOfTheNumbers() {
    Verdicts verdicts = new Verdicts(ProgramType.SOCKET_FILTER);
    for (int value : new int[] {-1, 70, 3, 70, 0}) {
      verdicts.add(value);
    }

    assertThat(verdicts.counts().toString()).isEqualTo("{0=1, 3=1, 70=2, 4294967295=1}");
  }

  @Test
  void theMeanForgetsTheWarmUp() {
    RunTime time = new RunTime();
    for (int packet = 0; packet < 1000; packet++) {
      time.add(packet < 256 ? 1_000_000 : 10);
    }

    assertThat(time.meanNanos()).hasValue(10);
    assertThat(new RunTime().meanNanos()).isEmpty();
  }

  @Test
  void theOnlyPacketIsTheMean() {
    RunTime time = new RunTime();
    time.add(123);

    assertThat(time.meanNanos()).hasValue(123);
  }

  @Test
  void numbersStandOnTheRightAndTextOnTheLeft() {
    TextTable table = new TextTable("key", "value");
    table.row("1", "a");
    table.row("200", "long");
    StringWriter text = new StringWriter();
    table.print(new PrintWriter(text, true));

    assertThat(text.toString().lines()).containsExactly("key  value", "  1  a", "200  long");
  }
}
