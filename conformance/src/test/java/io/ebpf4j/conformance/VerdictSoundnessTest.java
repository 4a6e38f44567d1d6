package io.ebpf4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramType;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * What the verifier accepts runs in the checked interpreter, over random packets and random values
 * in its maps, without straying from what it may touch.
 */
class VerdictSoundnessTest {
  private static final long SECONDS = Long.getLong("ebpf4j.random.seconds", 3);
  private static final int RUNS = 6;
  private static final int SHORTEST_PACKET = 14;
  private static final Set<ProgramType> RUNNABLE =
      Set.of(
          ProgramType.XDP, ProgramType.SCHED_CLS, ProgramType.SCHED_ACT, ProgramType.SOCKET_FILTER);

  private final RandomVerdicts drawn = new RandomVerdicts();

  @Test
  void whatIsAcceptedNeverStrays() {
    Long given = Long.getLong("ebpf4j.random.seed");
    SplittableRandom seeds = new SplittableRandom();
    List<String> strays = new ArrayList<>();
    int accepted = 0;
    long runs = 0;
    long start = System.nanoTime();
    try (Judge judge = Judge.ours()) {
      do {
        long seed = given == null ? seeds.nextLong() : given;
        VerdictCase of = drawn.draw(seed);
        if (!RUNNABLE.contains(of.program().type()) || !judge.judge(of).accepts()) {
          continue;
        }
        accepted++;
        try (Program program = judge.load(of)) {
          SplittableRandom random = new SplittableRandom(seed);
          for (int i = 0; i < RUNS; i++, runs++) {
            judge.maps(of).forEach(map -> fill(map, random));
            run(program, random);
          }
        } catch (BpfException e) {
          if (e.errno() == Errno.ENOTSUPP) {
            continue; // It is only judged: this kernel does not run what it reaches.
          }
          strays.add("-Debpf4j.random.seed=%d: %s%n%s".formatted(seed, e, RandomVerdicts.text(of)));
        }
      } while (given == null && System.nanoTime() - start < Duration.ofSeconds(SECONDS).toNanos());
    }
    System.out.printf("%d accepted programs ran %d times%n", accepted, runs);
    assertThat(strays).isEmpty();
  }

  private static void run(Program program, SplittableRandom random) {
    byte[] packet = new byte[SHORTEST_PACKET + random.nextInt(80)];
    random.nextBytes(packet);
    // An Ethernet type that stands for no protocol whose header a test run asks for.
    packet[12] = 0x12;
    try {
      program.testRun(TestRun.of(packet));
    } catch (BpfException e) {
      if (e.errno() != Errno.E2BIG) {
        throw e;
      }
    }
  }

  private static void fill(BpfMap map, SplittableRandom random) {
    byte[] value = new byte[map.userValueSize()];
    boolean small = random.nextBoolean();
    for (int i = 0; i < value.length; i++) {
      value[i] = (byte) random.nextInt(small && i % 8 != 0 ? 1 : 256);
    }
    Elements.answer(() -> map.update(Elements.u32(0), MemorySegment.ofArray(value), 0));
    Elements.answer(() -> map.update(Elements.u32(1), MemorySegment.ofArray(value), 0));
  }
}
