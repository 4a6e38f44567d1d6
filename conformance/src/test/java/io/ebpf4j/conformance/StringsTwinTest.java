package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.TestRun;
import io.ebpf4j.junit.BothKernels;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.object.ObjectFile;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** What the kernel functions over strings answer: on Linux, compiled and checked in the JVM. */
class StringsTwinTest {
  private static final int STRING_BYTES = 32;
  private static final int ANSWERS_OFFSET = 72;
  private static final int ANSWERS = 15;
  private static final int RANDOM_QUESTIONS = 300;

  /** Two strings, a character and a number. */
  private record Question(String first, String second, int character, int count) {}

  @Test
  void stringsAnswerAlike() throws IOException {
    compare(
        List.of(
            new Question("", "", 0, 0),
            new Question("hello", "hello", 'l', 3),
            new Question("hello", "help", 'z', 3),
            new Question("help", "hello", 'h', 100),
            new Question("HeLLo", "hello", 'L', 5),
            new Question("\u00c0\u00d7\u00df", "\u00e0\u00f7\u00ff", 0xc0, 2),
            new Question("abcabcabd", "abcabd", 'c', 9),
            new Question("abcabcabd", "abcabd", 'c', 8),
            new Question("abc", "", 0, 3),
            new Question("", "abc", 'a', -1),
            new Question("aaab", "ab", -191, 4),
            new Question("xyz", "zyx", 'y' + 256, 1),
            new Question("suffix", "fix", 'x', 6),
            new Question("suffix", "fix", 'x', 5)));
  }

  @Test
  void randomStringsAnswerAlike() throws IOException {
    long seed = Long.getLong("ebpf4j.random.seed", System.nanoTime());
    System.out.println("-Debpf4j.random.seed=" + seed);
    Random random = new Random(seed);
    List<Question> questions = new ArrayList<>();
    for (int i = 0; i < RANDOM_QUESTIONS; i++) {
      questions.add(
          new Question(
              text(random, 20),
              text(random, 4),
              random.nextInt(8) == 0 ? random.nextInt() : 'a' + random.nextInt(3),
              random.nextInt(24)));
    }
    compare(questions);
  }

  private static String text(Random random, int most) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(most); i > 0; i--) {
      text.append("abABc".charAt(random.nextInt(5)));
    }
    return text.toString();
  }

  private static void compare(List<Question> questions) throws IOException {
    Assumptions.assumeTrue(BothKernels.linux().isPresent(), "Linux is not available");
    List<String> expected;
    try (Kernel linux = BothKernels.linux().orElseThrow()) {
      expected = answers(linux, questions);
    }
    JvmKernel.Builder[] builders = {
      JvmKernel.builder(), JvmKernel.builder().compiled(false), JvmKernel.builder().verified(false)
    };
    for (JvmKernel.Builder builder : builders) {
      try (JvmKernel kernel = builder.build()) {
        assertThat(answers(kernel, questions)).isEqualTo(expected);
      }
    }
  }

  private static List<String> answers(Kernel kernel, List<Question> questions) throws IOException {
    List<String> all = new ArrayList<>();
    try (InputStream in = StringsTwinTest.class.getResourceAsStream("/strings.bpf.o");
        BpfObject object =
            kernel.load(
                ObjectFile.parse("strings.bpf.o", Objects.requireNonNull(in).readAllBytes()))) {
      for (Question question : questions) {
        all.add(question + ": " + answer(object, question));
      }
    }
    return all;
  }

  private static List<Integer> answer(BpfObject object, Question question) {
    MemorySegment value = Elements.room(ANSWERS_OFFSET + 64);
    put(value, 0, question.first());
    put(value, STRING_BYTES, question.second());
    value.set(ValueLayout.JAVA_INT_UNALIGNED, 2 * STRING_BYTES, question.character());
    value.set(ValueLayout.JAVA_INT_UNALIGNED, 2 * STRING_BYTES + 4, question.count());
    object.map("all").update(Elements.u32(0), value, 0);
    object.program("ask").testRun(TestRun.of(new byte[64]));
    object.map("all").lookup(Elements.u32(0), value, 0);
    List<Integer> answers = new ArrayList<>();
    for (int i = 0; i < ANSWERS; i++) {
      answers.add(value.get(ValueLayout.JAVA_INT_UNALIGNED, ANSWERS_OFFSET + 4L * i));
    }
    return answers;
  }

  private static void put(MemorySegment value, int offset, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
    MemorySegment.copy(bytes, 0, value, ValueLayout.JAVA_BYTE, offset, bytes.length);
  }
}
