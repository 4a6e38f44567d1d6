package io.ebpf4j.cli;

import io.ebpf4j.BpfException;
import io.ebpf4j.BpfObject;
import io.ebpf4j.Kernel;
import io.ebpf4j.Program;
import io.ebpf4j.TestRun;
import io.ebpf4j.jvm.JvmKernel;
import io.ebpf4j.jvm.context.PacketFeed;
import io.ebpf4j.jvm.interpreter.ProgramFaultException;
import io.ebpf4j.object.ObjectFile;
import io.ebpf4j.spec.Errno;
import io.ebpf4j.spec.ProgramType;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** An object in one kernel, whose program runs packet after packet. Used by one thread. */
final class KernelRun implements AutoCloseable {
  /** A test run tells its time in 32 bits: a longer one has this. */
  private static final long LONGEST_TOLD_NANOS = 0xffff_ffffL;

  private final BpfObject loaded;
  private final Program program;
  private final ProgramType type;
  private final Kernel kernel;
  private final RunMode mode;
  private final long loadNanos;
  private final Verdicts verdicts;
  private final TreeMap<String, Long> refused = new TreeMap<>();
  private final RunTime time = new RunTime();
  private final int[] batch = new int[PacketFeed.BATCH];
  private long runs;
  private long wallNanos;

  /**
   * Loads the object.
   *
   * @param programName the program that runs
   * @param mode how it runs
   * @throws BpfException where the kernel refuses it
   */
  KernelRun(Kernel kernel, ObjectFile file, String programName, RunMode mode) {
    long begin = System.nanoTime();
    this.loaded = kernel.load(file);
    this.loadNanos = System.nanoTime() - begin;
    this.kernel = kernel;
    this.mode = mode;
    this.program = loaded.program(programName);
    this.type = program.spec().type();
    this.verdicts = new Verdicts(type);
  }

  ProgramType type() {
    return type;
  }

  Kernel kernel() {
    return kernel;
  }

  BpfObject loaded() {
    return loaded;
  }

  /**
   * What a run came to.
   *
   * @param refusal why the test run refused the packet, or null where it ran
   * @param fault the sentence of what stopped the program, or null where nothing did
   * @param result what the program left; null where it did not run to its end
   */
  record Outcome(
      @Nullable Errno refusal,
      @Nullable ProgramFaultException fault,
      TestRun.@Nullable Result result) {}

  /** Runs the program once. */
  Outcome run(TestRun input) {
    runs++;
    long begin = System.nanoTime();
    try {
      TestRun.Result result = program.testRun(input);
      long nanos = System.nanoTime() - begin;
      wallNanos += nanos;
      verdicts.add(result.returnValue());
      boolean told = tellsTime(type) && result.meanNanos() < LONGEST_TOLD_NANOS;
      time.add(told ? result.meanNanos() : nanos);
      return new Outcome(null, null, result);
    } catch (ProgramFaultException e) {
      return new Outcome(null, e, null);
    } catch (BpfException e) {
      wallNanos += System.nanoTime() - begin;
      refused.merge(e.errno().name(), 1L, Long::sum);
      return new Outcome(e.errno(), null, null);
    }
  }

  /** A faster way to run the program over packets of which the verdict alone is asked for. */
  Optional<PacketFeed> feed() {
    return mode.verified() ? JvmKernel.feed(program) : Optional.empty();
  }

  /** Runs the program over what is in the batch. */
  void run(PacketFeed feed) {
    if (feed.size() == 0) {
      return;
    }
    long begin = System.nanoTime();
    int count = feed.run(batch);
    long nanos = System.nanoTime() - begin;
    for (int i = 0; i < count; i++) {
      verdicts.add(batch[i]);
    }
    runs += count;
    time.add(nanos, count);
  }

  /** Notes how long all packets took, the reading included. */
  void fedFor(long nanos) {
    wallNanos = nanos;
  }

  /**
   * What all runs came to.
   *
   * @param truncated packets of the input that were cut when they were recorded
   */
  RunReport report(long truncated) {
    return new RunReport(
        kernel.name(),
        program.spec().name(),
        type,
        mode,
        program.spec().instructions().size(),
        loadNanos,
        runs,
        time.meanNanos(),
        wallNanos,
        verdicts.counts(),
        refused,
        truncated,
        loaded.maps().entrySet().stream()
            .map(entry -> new MapDump(entry.getKey(), entry.getValue()))
            .toList());
  }

  /** Whether programs of the type get a context alone, and no packet. */
  static boolean contextOnly(ProgramType type) {
    return type == ProgramType.SYSCALL || type == ProgramType.RAW_TRACEPOINT;
  }

  /** Whether a test run says how long the program took. */
  private static boolean tellsTime(ProgramType type) {
    return !contextOnly(type);
  }

  @Override
  public void close() {
    loaded.close();
  }
}
