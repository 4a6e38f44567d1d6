package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.ProgramType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The corpus of small programs, each made a program of another type: both kernels judge. */
class OtherTypesVerdictTwinTest {
  @ParameterizedTest
  @CsvSource({"KPROBE,", "SK_SKB,", "CGROUP_SKB,CGROUP_INET_EGRESS", "SOCK_OPS,", "LWT_XMIT,"})
  void verdictsAreAlike(ProgramType type, @Nullable AttachType attachType) {
    List<String> differences = new ArrayList<>();
    int judged = 0;
    try (Judge ours = Judge.ours();
        Judge linux = Judge.linux()) {
      for (VerdictCorpus.Group group : VerdictCorpus.read()) {
        if (group.name().equals("dynptrs") || group.name().equals("random")) {
          continue; // Kernel functions have their own program types, and runs of a million their
          // time.
        }
        for (VerdictCase of : group.cases()) {
          VerdictCase other =
              of.with(
                  of.program()
                      .withType(type)
                      .withExpectedAttachType(attachType)
                      .withAttachTo("")
                      .withFlags(false, false));
          Verdict here = ours.judge(other);
          Verdict there = linux.judge(other);
          judged++;
          if (!here.answer().equals(there.answer())) {
            differences.add(
                "%s: %s: %s, Linux: %s".formatted(group.name(), of.name(), here, there));
          }
        }
      }
    }
    System.out.printf("%s: %d programs judged, %d differ%n", type, judged, differences.size());
    assertThat(differences).isEmpty();
  }
}
