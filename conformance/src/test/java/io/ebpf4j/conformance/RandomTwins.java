package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.Kernel;
import io.ebpf4j.junit.BothKernels;
import java.util.List;
import java.util.Objects;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/** Runs random cases on both kernels and compares the answers, line by line. */
abstract class RandomTwins {
  private static @Nullable Kernel jvm;
  private static @Nullable Kernel linux;
  private static long lines;

  /** What gives the same lines on each kernel for the same case. */
  interface Subject {
    List<String> run(Kernel kernel, RandomCase drawn);
  }

  @BeforeContainer
  static void open() {
    linux =
        BothKernels.linux().orElseThrow(() -> new TestAbortedException("Linux is not available"));
    jvm = BothKernels.jvm();
    lines = 0;
  }

  @AfterContainer
  static void close() {
    if (linux != null && jvm != null) {
      jvm.close();
      linux.close();
      System.out.printf("%d random lines were alike%n", lines);
    }
  }

  static void assertAlike(RandomCase drawn, Subject subject) {
    Kernel judge = Objects.requireNonNull(linux);
    Kernel judged = Objects.requireNonNull(jvm);
    List<String> expected = subject.run(judge, drawn);
    assertThat(subject.run(judged, drawn))
        .as("-Debpf4j.random.case=%s", drawn)
        .containsExactlyElementsOf(expected);
    assertThat(judge.openHandles()).as("left open on Linux").isEmpty();
    assertThat(judged.openHandles()).as("left open in the JVM").isEmpty();
    lines += expected.size();
  }
}
