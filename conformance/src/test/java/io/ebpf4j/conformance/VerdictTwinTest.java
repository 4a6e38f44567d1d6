package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The verdicts on a corpus of small programs. {@code -Debpf4j.verdicts.record=true} writes Linux's
 * down beside the programs.
 */
class VerdictTwinTest {
  private static final boolean RECORD = Boolean.getBoolean("ebpf4j.verdicts.record");

  @Test
  void linuxStillSaysWhatIsRecorded() throws IOException {
    try (Judge linux = Judge.linux()) {
      Map<String, String> differences = new LinkedHashMap<>();
      int accepted = 0;
      int refused = 0;
      for (VerdictCorpus.Group group : VerdictCorpus.read()) {
        Map<String, String> recorded = recorded(group);
        List<String> lines = new ArrayList<>();
        for (VerdictCase of : group.cases()) {
          Verdict verdict = linux.judge(of);
          lines.add(verdict.answer() + "\t" + of.name() + "\t" + verdict.reason());
          String before = recorded.getOrDefault(of.name(), "nothing");
          if (!before.equals(verdict.answer())) {
            differences.put(group.name() + ": " + of.name(), before + " -> " + verdict);
          }
          accepted += verdict.accepts() ? 1 : 0;
          refused += verdict.accepts() ? 0 : 1;
        }
        if (RECORD) {
          Files.writeString(group.recorded(), String.join("\n", lines) + "\n");
        }
      }
      System.out.printf("Linux accepts %d programs and refuses %d%n", accepted, refused);
      if (!RECORD) {
        assertThat(differences).isEmpty();
      }
    }
  }

  @Test
  void theVerifierSaysWhatLinuxSays() throws IOException {
    List<String> unsound = new ArrayList<>();
    List<String> different = new ArrayList<>();
    int alike = 0;
    try (Judge ours = Judge.ours()) {
      for (VerdictCorpus.Group group : VerdictCorpus.read()) {
        Map<String, String> recorded = recorded(group);
        for (VerdictCase of : group.cases()) {
          Verdict verdict = ours.judge(of);
          String linux = recorded.getOrDefault(of.name(), "nothing");
          String difference =
              "%s: %s: %s, Linux: %s".formatted(group.name(), of.name(), verdict, linux);
          if (verdict.answer().equals(linux)) {
            alike++;
          } else if (verdict.accepts()) {
            unsound.add(difference);
          } else {
            different.add(difference);
          }
        }
      }
    }
    System.out.printf("%d verdicts are those of Linux%n", alike);
    assertThat(unsound).as("accepted, and refused by Linux").isEmpty();
    assertThat(different).as("another verdict than Linux's").isEmpty();
  }

  /** The recorded answers, by case. */
  static Map<String, String> recorded(VerdictCorpus.Group group) throws IOException {
    Map<String, String> recorded = new LinkedHashMap<>();
    if (Files.exists(group.recorded())) {
      for (String line : Files.readAllLines(group.recorded())) {
        String[] columns = line.split("\t", -1);
        recorded.put(columns[1], columns[0]);
      }
    }
    return recorded;
  }
}
