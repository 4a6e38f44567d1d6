package io.ebpf4j.cli;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfMap;
import io.ebpf4j.Kernel;
import io.ebpf4j.Link;
import io.ebpf4j.Program;
import io.ebpf4j.ProgramInfo;
import io.ebpf4j.TestRun;
import io.ebpf4j.spec.Attachment;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramSpec;
import java.util.Arrays;
import java.util.Collection;

/**
 * A program on one kernel that is timed batch by batch. Where the type's test run repeats, that is
 * used; where it does not, the kernel's own run-time statistics tell how long the runs took that
 * this class made in a loop, or that the machine's events made.
 */
final class BenchSubject implements AutoCloseable {
  private static final int FIRST_REPEAT = 1000;
  private static final int MAX_REPEAT = 50_000_000;
  private static final int BATCH_ALONE = 1000;

  private final Kernel kernel;
  private final Program program;
  private final Collection<BpfMap> maps;
  private final TestRun input;
  private final Method method;
  private final boolean onJvm;
  private int repeat = FIRST_REPEAT;
  private long runs;
  private double[] nanos = {};
  private double bytesPerRun;

  /** How a program is made to run, and timed. */
  enum Method {
    /** A test run with repeat. */
    REPEAT("test run with repeat"),
    /** Test runs one after another, timed by the kernel's statistics. */
    CALLS("test runs in a loop, timed by run-time statistics"),
    /** Iterations over maps, timed by the kernel's statistics. */
    ITERATIONS("iterations over a map, timed by run-time statistics"),
    /** Attached to its event, timed by the kernel's statistics. */
    EVENTS("events of the machine, timed by run-time statistics");

    private final String words;

    Method(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }

    static Method of(ProgramSpec program) {
      return switch (program.type()) {
        case SYSCALL, RAW_TRACEPOINT -> CALLS;
        case TRACING -> program.section().contains("iter") ? ITERATIONS : EVENTS;
        case LSM -> EVENTS;
        default -> REPEAT;
      };
    }
  }

  BenchSubject(
      Kernel kernel, Program program, Collection<BpfMap> maps, TestRun input, boolean onJvm) {
    this.kernel = kernel;
    this.program = program;
    this.maps = maps;
    this.input = input;
    this.onJvm = onJvm;
    this.method = Method.of(program.spec());
  }

  Method method() {
    return method;
  }

  /** Runs that were timed. */
  long runs() {
    return runs;
  }

  /** Nanoseconds of a run: the lower quartile of the batches. */
  double nanosPerRun() {
    double[] sorted = nanos.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 4];
  }

  /** Bytes of Java heap that a run allocates, where the JVM runs it. */
  double bytesPerRun() {
    return bytesPerRun;
  }

  /**
   * Runs it for about that long, untimed, and finds how many runs fill a batch.
   *
   * @throws BpfException where the kernel does not run it
   */
  void warmUp(long warmUpNanos, long batchNanos) {
    if (method != Method.REPEAT) {
      runUncounted();
      return;
    }
    long end = System.nanoTime() + warmUpNanos;
    do {
      double each = Math.max(repeated(repeat), 0.01);
      repeat = Math.clamp((long) (batchNanos / each), FIRST_REPEAT, MAX_REPEAT);
    } while (System.nanoTime() < end);
    if (onJvm) {
      bytesPerRun = allocated();
    }
  }

  /** Times a batch. */
  void batch(long batchNanos) {
    double each = method == Method.REPEAT ? repeated(repeat) : byStatistics(batchNanos);
    runs += method == Method.REPEAT ? repeat : 0;
    nanos = Arrays.copyOf(nanos, nanos.length + 1);
    nanos[nanos.length - 1] = each;
  }

  @Override
  public void close() {
    program.close();
  }

  /**
   * The JVM kernel's runs by the time that the thread had a CPU, since its mean is in whole
   * nanoseconds; Linux's by its own mean, as a call costs milliseconds beside the runs. Neither
   * counts the time in which others have the CPU.
   */
  private double repeated(int times) {
    long start = ThreadUse.cpuNanos();
    TestRun.Result result = program.testRun(input.withRepeat(times));
    return onJvm ? (ThreadUse.cpuNanos() - start) / (double) times : result.meanNanos();
  }

  /** What a batch allocates more than a single run does, which has a result to give. */
  private double allocated() {
    long before = ThreadUse.allocatedBytes();
    program.testRun(input.withRepeat(1));
    long between = ThreadUse.allocatedBytes();
    program.testRun(input.withRepeat(repeat + 1));
    long after = ThreadUse.allocatedBytes();
    return Math.max(0, (after - between) - (between - before)) / (double) repeat;
  }

  private void runUncounted() {
    for (int i = 0; i < BATCH_ALONE; i++) {
      once();
    }
  }

  private double byStatistics(long batchNanos) {
    try (Kernel.Statistics _ = kernel.enableStatistics()) {
      ProgramInfo before = program.info();
      long end = System.nanoTime() + batchNanos;
      if (method == Method.EVENTS) {
        waitAttached(end);
      } else {
        do {
          once();
        } while (System.nanoTime() < end);
      }
      ProgramInfo after = program.info();
      long counted = after.runCount() - before.runCount();
      if (counted == 0) {
        throw new BpfException(
            Errno.ENODATA, "nothing ran program %s".formatted(program.spec().name()));
      }
      runs += counted;
      return (after.runNanos() - before.runNanos()) / (double) counted;
    }
  }

  private void once() {
    switch (method) {
      case REPEAT, CALLS -> program.testRun(input);
      case ITERATIONS -> iterate();
      case EVENTS -> {}
    }
  }

  /** Over the first of the object's maps that the program accepts. */
  private void iterate() {
    BpfException refusal =
        new BpfException(Errno.EINVAL, "the object has no map for an iterator to go over");
    for (BpfMap map : maps) {
      try {
        kernel.iterate(program, map);
        return;
      } catch (BpfException e) {
        refusal = e;
      }
    }
    throw refusal;
  }

  private void waitAttached(long end) {
    try (Link _ = kernel.attach(program, new Attachment.Loaded())) {
      while (System.nanoTime() < end) {
        try {
          Thread.sleep(1);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }
  }
}
