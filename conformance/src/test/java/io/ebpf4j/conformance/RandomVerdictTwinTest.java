package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Random programs are judged by both kernels: what Linux refuses is refused, and what it accepts is
 * accepted but for one in a thousand. Half of the programs are made up, half are cases of the
 * corpus with something changed.
 */
class RandomVerdictTwinTest {
  private static final long SECONDS = Long.getLong("ebpf4j.random.seconds", 3);

  private final RandomVerdicts drawn = new RandomVerdicts();

  @Test
  void whatLinuxRefusesIsRefused() {
    try (Judge theirs = Judge.linux();
        Judge ours = Judge.ours()) {
      compare(ours, theirs);
    }
  }

  private void compare(Judge ours, Judge theirs) {
    Long given = Long.getLong("ebpf4j.random.seed");
    SplittableRandom seeds = new SplittableRandom();
    Tally unsound = new Tally();
    Tally strict = new Tally();
    Tally otherwise = new Tally();
    int programs = 0;
    int accepted = 0;
    long start = System.nanoTime();
    do {
      long seed = given == null ? seeds.nextLong() : given;
      VerdictCase of = drawn.draw(seed);
      Verdict our = ours.judge(of);
      if (our.isUnbuilt()) {
        continue;
      }
      Verdict their = theirs.judge(of);
      programs++;
      accepted += their.accepts() ? 1 : 0;
      if (our.accepts() != their.accepts()) {
        (our.accepts() ? unsound : strict)
            .add(() -> tell(seed, smallest(of, ours, theirs), ours, theirs));
      } else if (!our.answer().equals(their.answer())) {
        otherwise.add(() -> tell(seed, smallest(of, ours, theirs), ours, theirs));
      }
    } while (given == null && System.nanoTime() - start < Duration.ofSeconds(SECONDS).toNanos());
    System.out.printf(
        "%d random programs, %d accepted by Linux; accepted by us alone %s%n"
            + "refused by us alone %s%nother errno %s%n",
        programs, accepted, unsound, strict, otherwise);
    assertThat(unsound.count).as("accepted, and refused by Linux").isZero();
    assertThat(strict.count)
        .as("refused, and accepted by Linux")
        .isLessThanOrEqualTo(1 + programs / 1000);
  }

  /** How often something happened, and the first times told. */
  private static final class Tally {
    private static final int TOLD = 8;
    private final List<String> told = new ArrayList<>();
    private int count;

    void add(Supplier<String> story) {
      if (count++ < TOLD) {
        told.add(story.get());
      }
    }

    @Override
    public String toString() {
      return count + told.stream().map(story -> "\n" + story).collect(Collectors.joining());
    }
  }

  /** The smallest program on which the two part in the same way. */
  private static VerdictCase smallest(VerdictCase of, Judge ours, Judge theirs) {
    String our = ours.judge(of).answer();
    String their = theirs.judge(of).answer();
    Predicate<VerdictCase> parts =
        candidate -> {
          Verdict verdict = ours.judge(candidate);
          return verdict.answer().equals(our)
              && !verdict.isUnbuilt()
              && theirs.judge(candidate).answer().equals(their);
        };
    return of.program().instructions().size() > 2000 ? of : ProgramEdit.shrink(of, parts);
  }

  private static String tell(long seed, VerdictCase of, Judge ours, Judge theirs) {
    return "-Debpf4j.random.seed=%d, like '%s' (%s, %s)%nours: %s%nLinux: %s%n%s%n"
        .formatted(
            seed,
            of.name(),
            of.program().type(),
            of.program().references(),
            ours.judge(of),
            theirs.judge(of),
            RandomVerdicts.text(of));
  }
}
