package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.Kernel;
import io.ebpf4j.junit.BothKernels;
import io.ebpf4j.jvm.JvmKernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * What programs of each type may do, one question at a time. {@code -Debpf4j.verdicts.record=true}
 * writes Linux's answers down.
 */
class ProgramTypeMatrixTwinTest {
  private static final boolean RECORD = Boolean.getBoolean("ebpf4j.verdicts.record");
  private static final Path FILE =
      Path.of(
          System.getProperty("ebpf4j.root"),
          "conformance",
          "src",
          "test",
          "resources",
          "program-types",
          "matrix.linux");

  @Test
  void linuxStillSaysWhatIsRecorded() throws IOException {
    Optional<Kernel> linux = BothKernels.linux();
    Assumptions.assumeTrue(linux.isPresent(), "Linux is not available");
    try (Kernel kernel = linux.orElseThrow()) {
      List<String> answers = answers(kernel);
      if (RECORD) {
        Files.write(FILE, answers);
      }
      assertThat(answers).isEqualTo(Files.readAllLines(FILE));
    }
  }

  @Test
  void theJvmSaysWhatLinuxSays() throws IOException {
    try (JvmKernel kernel = JvmKernel.builder().verifyOnly(true).build()) {
      assertThat(answers(kernel)).isEqualTo(Files.readAllLines(FILE));
    }
  }

  private static List<String> answers(Kernel kernel) {
    ProgramTypeMatrix matrix = new ProgramTypeMatrix(kernel);
    List<String> lines = new ArrayList<>();
    for (ProgramTypeMatrix.Subject subject : ProgramTypeMatrix.subjects()) {
      lines.add(subject + " calls " + matrix.helpers(subject));
      lines.add(subject + " context " + matrix.context(subject));
      lines.add(subject + " results " + matrix.results(subject));
    }
    return lines;
  }
}
