package io.ebpf4j.jvm.context;

import io.ebpf4j.BpfException;
import io.ebpf4j.jvm.cpu.Cpu;
import io.ebpf4j.jvm.cpu.Machine;
import io.ebpf4j.spec.Errno;

/** The middle of every test run: a CPU is chosen and the program runs on it, often if asked to. */
public final class Repetition {
  /** Runs between two looks at the thread's interrupt. */
  private static final int RUNS_UNINTERRUPTED = 64;

  private static final long UNSIGNED_INT_MAX = 0xffffffffL;

  private Repetition() {}

  /**
   * What the last run gave.
   *
   * @param returnValue the low 32 bits of R0
   * @param meanNanos mean duration of a run, at most 2^32 - 1
   */
  public record Outcome(int returnValue, long meanNanos) {}

  /**
   * Enters a CPU; the caller leaves it.
   *
   * @param wanted its number; where there is no such CPU, the first one that is free
   */
  public static Cpu enterCpu(Machine machine, int wanted) {
    if (wanted >= 0 && wanted < machine.cpus().size()) {
      Cpu cpu = machine.cpus().get(wanted);
      cpu.enter();
      return cpu;
    }
    for (Cpu cpu : machine.cpus()) {
      if (cpu.tryEnter()) {
        return cpu;
      }
    }
    Cpu first = machine.cpus().getFirst();
    first.enter();
    return first;
  }

  /**
   * Runs a program over one context that is not put back between runs.
   *
   * @param repeat how often, unsigned; 0 means once
   * @throws BpfException EINTR where the thread was interrupted meanwhile; it stays so
   */
  public static Outcome run(Cpu cpu, LoadedProgram program, long context, int repeat) {
    long runs = Math.max(1, Integer.toUnsignedLong(repeat));
    long start = System.nanoTime();
    long value = 0;
    for (long done = 0; done < runs; ) {
      int batch = (int) Math.min(RUNS_UNINTERRUPTED, runs - done);
      value = program.repeat(cpu, context, batch);
      done += batch;
      if (done < runs) {
        refuseInterrupted(done);
        cpu.quiescent();
      }
    }
    long mean = (System.nanoTime() - start) / runs;
    return new Outcome((int) value, Math.min(mean, UNSIGNED_INT_MAX));
  }

  private static void refuseInterrupted(long done) {
    if (Thread.currentThread().isInterrupted()) {
      throw new BpfException(
          Errno.EINTR, "the test run was interrupted after %d runs".formatted(done));
    }
  }
}
