package io.ebpf4j.conformance;

import io.ebpf4j.BpfException;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.isa.Instruction;
import io.ebpf4j.spec.AttachType;
import io.ebpf4j.spec.ProgramSpec;
import io.ebpf4j.spec.ProgramType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/** Test runs drawn from a seed, right and wrong ones, of programs that give a context word back. */
final class RandomTestRun {
  private static final int[] DATA = {0, 1, 13, 14, 15, 33, 34, 60, 64, 1500, 3500, 4096, 5000};
  private static final int[] CONTEXTS = {4, 8, 20, 24, 28, 96, 192, 196, 256, 5000};
  private static final int[] WORDS = {0, 1, 4, 8, 14, 33, 64, 4711, 0x7fffffff, -1};

  /** Offsets of device numbers: which there are differs, but for the loopback device. */
  private static final Set<Integer> DEVICES = Set.of(12, 36, 40);

  private SplittableRandom random;
  private final ProgramSpec spec;
  private final StringBuilder transcript = new StringBuilder();

  private RandomTestRun(long seed) {
    random = new SplittableRandom(seed);
    spec = spec();
  }

  /** What is run and its answers, a line for each. */
  static List<String> run(Kernel kernel, RandomCase drawn) {
    RandomTestRun runs = new RandomTestRun(drawn.first());
    try (Program program = kernel.loadProgram(runs.spec, Map.of())) {
      for (long seed : drawn.steps()) {
        runs.random = new SplittableRandom(seed);
        runs.once(program);
      }
    }
    return runs.transcript.toString().lines().toList();
  }

  private ProgramSpec spec() {
    return switch (random.nextInt(5)) {
      case 0 -> reading(ProgramType.XDP, 0x61, pick(12, 16)).withExpectedAttachType(AttachType.XDP);
      case 1 -> reading(ProgramType.SOCKET_FILTER, 0x61, pick(0, 4, 8));
      case 2 -> reading(ProgramType.SCHED_CLS, 0x61, pick(0, 8, 12, 16, 32, 36, 40, 48, 72));
      case 3 -> reading(ProgramType.RAW_TRACEPOINT, 0x79, pick(0, 8));
      default -> reading(ProgramType.SYSCALL, 0x61, pick(0, 4)).withFlags(true, false);
    };
  }

  private static ProgramSpec reading(ProgramType type, int load, int offset) {
    return ProgramSpec.of(
        "read_" + offset,
        type,
        List.of(new Instruction(load, 0, 1, offset, 0), new Instruction(0x95, 0, 0, 0, 0)));
  }

  private void once(Program program) {
    TestRun run =
        TestRun.of(data())
            .withContext(mustHaveContext() || random.nextBoolean() ? context() : null)
            .withRepeat(pick(0, 0, 1, 1, 2, 3))
            .withCpu(pick(-1, -1, -1, 0, 1, 100_000))
            .withFlags(pick(0, 0, 0, 0, 1, 8, 16))
            .withDataOutSize(pick(-1, -1, -1, 0, 1, 20, 60));
    transcript.append(described(run)).append(": ").append(answer(program, run)).append('\n');
  }

  private String described(TestRun run) {
    byte[] context = run.context();
    return "%s %s data %d context %s repeat %d cpu %d flags %d room %d"
        .formatted(
            spec.type(),
            spec.name(),
            run.data().length,
            context == null ? "none" : context.length + "=" + words(context),
            run.repeat(),
            run.cpu(),
            run.flags(),
            run.dataOutSize());
  }

  private static String answer(Program program, TestRun run) {
    try {
      TestRun.Result result = program.testRun(run);
      return "%d, %d bytes %s, context %s"
          .formatted(
              result.returnValue(),
              result.data().length,
              Integer.toHexString(Arrays.hashCode(result.data())),
              words(result.context()));
    } catch (BpfException e) {
      return e.errno().name();
    }
  }

  private byte[] data() {
    byte[] data = new byte[pick(DATA)];
    random.nextBytes(data);
    if (data.length >= 14) {
      int[] protocols = {0x0800, 0x86dd, 0x0806, 0x88a8, 0x1234};
      ByteBuffer.wrap(data).putShort(12, (short) pick(protocols));
    }
    return data;
  }

  private byte[] context() {
    int size =
        switch (spec.type()) {
          case XDP -> rarely() ? pick(CONTEXTS) : 24;
          case RAW_TRACEPOINT, SYSCALL -> pick(16, 24, 96, 104, 256, 5000);
          default -> rarely() ? pick(CONTEXTS) : 192;
        };
    ByteBuffer context = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    for (int more = random.nextInt(3); more > 0; more--) {
      int offset = 4 * random.nextInt(size / 4);
      context.putInt(offset, DEVICES.contains(offset) ? pick(0, 1, 4711) : pick(WORDS));
    }
    return context.array();
  }

  /** Linux refuses a context that a program reads behind; the JVM kernel stops the run there. */
  private boolean mustHaveContext() {
    return spec.type() == ProgramType.RAW_TRACEPOINT || spec.type() == ProgramType.SYSCALL;
  }

  /** The words that are not 0, by their offset. */
  private static String words(byte[] context) {
    StringBuilder words = new StringBuilder("{");
    ByteBuffer bytes = ByteBuffer.wrap(context).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at + 4 <= context.length; at += 4) {
      if (bytes.getInt(at) != 0) {
        words.append(" %d:%x".formatted(at, bytes.getInt(at)));
      }
    }
    return words.append(" }").toString();
  }

  private boolean rarely() {
    return random.nextInt(5) == 0;
  }

  private int pick(int... choices) {
    return choices[random.nextInt(choices.length)];
  }
}
