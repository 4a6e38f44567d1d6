package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.spec.ProgramSpec.Reference;
import io.ebpf4j.spec.ProgramType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * The verdicts on the corpus of small programs where one without capabilities loads them: all that
 * are no control group's are made socket filters. {@code -Debpf4j.verdicts.record=true} writes
 * Linux's down.
 */
class AnyonesVerdictTwinTest {
  private static final boolean RECORD = Boolean.getBoolean("ebpf4j.verdicts.record");
  private static final Path SWITCH = Path.of("/proc/sys/kernel/unprivileged_bpf_disabled");
  private static final Path FILE = VerdictCorpus.DIRECTORY.resolve("anyone.linux");

  @Test
  void linuxStillSaysWhatIsRecorded() throws IOException {
    Assumptions.assumeTrue(Files.isWritable(SWITCH), "only root allows bpf(2) to all");
    String before = Files.readString(SWITCH).strip();
    Assumptions.assumeTrue(!before.equals("1"), "bpf(2) is forbidden to all until the next start");
    Files.writeString(SWITCH, "0");
    List<String> answers;
    try (Judge linux = Judge.linuxForAnyone()) {
      answers = answers(linux);
    } finally {
      Files.writeString(SWITCH, before);
    }
    if (RECORD) {
      Files.write(FILE, answers);
    }
    assertThat(differences(byCase(Files.readAllLines(FILE)), byCase(answers))).isEmpty();
  }

  @Test
  void theVerifierSaysWhatLinuxSays() throws IOException {
    try (Judge ours = Judge.oursForAnyone()) {
      Map<String, String> linux = byCase(Files.readAllLines(FILE));
      assertThat(differences(linux, byCase(answers(ours)))).isEmpty();
    }
  }

  private static List<String> answers(Judge judge) {
    List<String> answers = new ArrayList<>();
    for (VerdictCorpus.Group group : VerdictCorpus.read()) {
      for (VerdictCase of : group.cases()) {
        if (namesKernelFunctions(of)) {
          continue;
        }
        VerdictCase anyones =
            of.program().type() == ProgramType.CGROUP_SKB
                ? of
                : of.with(
                    of.program()
                        .withType(ProgramType.SOCKET_FILTER)
                        .withExpectedAttachType(null)
                        .withAttachTo("")
                        .withFlags(false, false));
        Verdict verdict = judge.judge(anyones);
        answers.add(
            "%s\t%s: %s\t%s"
                .formatted(verdict.answer(), group.name(), of.name(), verdict.reason()));
      }
    }
    return answers;
  }

  /** Whether a kernel looks the program's references up before it asks who loads it. */
  private static boolean namesKernelFunctions(VerdictCase of) {
    return of.program().references().stream()
        .anyMatch(reference -> reference instanceof Reference.ToKernelFunction);
  }

  private static Map<String, String> byCase(List<String> lines) {
    Map<String, String> answers = new LinkedHashMap<>();
    for (String line : lines) {
      String[] columns = line.split("\t", -1);
      answers.put(columns[1], columns[0] + "\t" + columns[2]);
    }
    return answers;
  }

  /** Verdicts that differ; the reasons may. Cases that are newer than the record are left out. */
  private static List<String> differences(Map<String, String> linux, Map<String, String> other) {
    List<String> differences = new ArrayList<>();
    other.forEach((name, answer) -> {
      String expected = linux.getOrDefault(name, answer);
      if (!expected.split("\t", -1)[0].equals(answer.split("\t", -1)[0])) {
        differences.add("%s: %s, Linux: %s".formatted(name, answer, expected));
      }
    });
    return differences;
  }
}
