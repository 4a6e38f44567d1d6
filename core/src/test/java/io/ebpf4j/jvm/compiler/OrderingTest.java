package io.ebpf4j.jvm.compiler;

import static org.assertj.core.api.Assertions.assertThat;

import io.ebpf4j.isa.Assembler;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.jvm.context.ContextLayout;
import io.ebpf4j.jvm.cpu.Clock;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.jvm.helper.KfuncTable;
import io.ebpf4j.jvm.memory.Block;
import io.ebpf4j.jvm.memory.Memory;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Compiled programs on two CPUs over the same memory: what the memory model forbids is never seen
 * (RFC 9669 section 5.3; fetching atomics are fully ordered). Each test goes on for the seconds
 * that the system property {@code ebpf4j.stress.seconds} says.
 */
class OrderingTest {
  private static final long NANOS =
      TimeUnit.SECONDS.toNanos(Long.getLong("ebpf4j.stress.seconds", 2));

  /** Places that a program goes over in a run, each a cache line. */
  private static final int PLACES = 512;

  private static final int LINE = 64;

  private final Machine machine = new Machine(2, Clock.fixed(0), 1);
  private final Block block = Block.allocate(2L * PLACES * LINE, LINE);

  @AfterEach
  void close() {
    block.close();
    machine.close();
  }

  /** A program and how often it ran. */
  private static final class Actor {
    final CompiledProgram program;
    final Cpu cpu;
    long runs;

    Actor(CompiledProgram program, Cpu cpu) {
      this.program = program;
      this.cpu = cpu;
    }
  }

  @Test
  void noAdditionIsLost() {
    long runs = both(body("lock *(u64 *)(r1 + 0) += r2"), body(FETCH_ADD));

    assertEveryPlaceIs(runs);
  }

  @Test
  void noExchangeOfComparedNumbersIsLost() {
    long runs =
        both(
            body(
                """
                again:
                r0 = *(u64 *)(r1 + 0)
                r3 = r0
                r4 = r0
                r4 += 1
                r0 = atomic64_cmpxchg((u64 *)(r1 + 0), r0, r4)
                if r0 != r3 goto again\
                """),
            body(FETCH_ADD));

    assertEveryPlaceIs(runs);
  }

  private static final String FETCH_ADD = "r5 = r2\nr5 = atomic64_fetch_add((u64 *)(r1 + 0), r5)";

  /** Who sees the flag sees what was stored before it. */
  @Test
  void whatIsReleasedIsSeenByWhoAcquires() {
    String writer =
        body(
            """
            r3 = *(u64 *)(r1 + 8)
            r3 += 1
            *(u64 *)(r1 + 8) = r3
            store_release((u64 *)(r1 + 16), r3)\
            """);
    String reader =
        body(
            """
            r3 = load_acquire((u64 *)(r1 + 16))
            r4 = *(u64 *)(r1 + 8)
            if r4 >= r3 goto +3
            r5 = *(u64 *)(r1 + 24)
            r5 += 1
            *(u64 *)(r1 + 24) = r5\
            """);
    both(writer, reader);

    for (int place = 0; place < PLACES; place++) {
      assertThat(Memory.getLong(at(place) + 24)).as("old data behind a new flag").isZero();
    }
  }

  /** Of two who each set a flag and look at the other's, one sees it. */
  @Test
  void exchangesAreFullyOrdered() throws Exception {
    Actor first = actor(body(exchange(0, 8, 16)), 0);
    Actor second = actor(body(exchange(8, 0, 24)), 1);
    CyclicBarrier barrier = new CyclicBarrier(2);
    long end = System.nanoTime() + NANOS;
    boolean[] ended = new boolean[1];
    Thread other =
        Thread.ofPlatform()
            .start(() -> {
              while (await(barrier) && !ended[0]) {
                run(second, 1);
                await(barrier);
              }
            });
    long rounds = 0;
    while (System.nanoTime() < end) {
      Memory.fill(block.address(), (long) PLACES * LINE, (byte) 0);
      await(barrier);
      run(first, 1);
      await(barrier);
      for (int place = 0; place < PLACES; place++) {
        long both = Memory.getLong(at(place) + 16) | Memory.getLong(at(place) + 24);
        assertThat(both).as("neither has seen the other, round %d", rounds).isNotZero();
      }
      rounds++;
    }
    ended[0] = true;
    await(barrier);
    other.join();
  }

  private static String exchange(int own, int others, int seen) {
    return "r3 = 1\nr3 = atomic64_xchg((u64 *)(r1 + %d), r3)\nr4 = *(u64 *)(r1 + %d)\n*(u64 *)(r1 + %d) = r4"
        .formatted(own, others, seen);
  }

  /** Over all places: R1 goes from one to the next, R2 is 1. */
  private static String body(String each) {
    return """
    r2 = 1
    r9 = %d
    next:
    %s
    r1 += %d
    r9 += -1
    if r9 != 0 goto next
    r0 = 0
    exit
    """
        .formatted(PLACES, each, LINE);
  }

  /** Runs both at the same time, and gives how often both together went over all places. */
  private long both(String one, String two) {
    Actor first = actor(one, 0);
    Actor second = actor(two, 1);
    long end = System.nanoTime() + NANOS;
    Thread other = Thread.ofPlatform().start(() -> until(second, end));
    until(first, end);
    try {
      other.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return first.runs + second.runs;
  }

  private void until(Actor actor, long end) {
    while (System.nanoTime() < end) {
      run(actor, 20);
    }
  }

  private void run(Actor actor, int times) {
    actor.cpu.enter();
    try {
      long frame = CompiledRun.stackEnd(actor.cpu);
      actor.program.repeat(block.address(), frame, actor.cpu, times);
      actor.runs += times;
    } finally {
      actor.cpu.exit();
    }
  }

  private Actor actor(String text, int cpu) {
    List<Instruction> program = Assembler.assemble(text).instructions();
    Compiler.Source source =
        new Compiler.Source(
            ProgramSpec.of("actor", ProgramType.XDP, program),
            program,
            (_, id) -> {
              throw new IllegalArgumentException("no helper " + id);
            },
            KfuncTable.NONE,
            new ContextLayout("none", 0, 0, List.of()),
            null,
            List.of(),
            new PlainFacts(program));
    return new Actor(
        Compiler.compile(source, Compiler.Options.HOST).program(), machine.cpus().get(cpu));
  }

  private void assertEveryPlaceIs(long expected) {
    for (int place = 0; place < PLACES; place++) {
      assertThat(Memory.getLong(at(place))).isEqualTo(expected);
    }
  }

  private long at(int place) {
    return block.address() + (long) place * LINE;
  }

  private static boolean await(CyclicBarrier barrier) {
    try {
      barrier.await(1, TimeUnit.MINUTES);
      return true;
    } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
      throw new IllegalStateException(e);
    }
  }
}
