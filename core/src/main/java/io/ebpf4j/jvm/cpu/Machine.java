package io.ebpf4j.jvm.cpu;

import io.ebpf4j.jvm.memory.Rcu;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What all CPUs of one kernel share: their number, the clock, the random seed, grace periods, and
 * where trace output goes. Subsystems keep their own shared state in {@link Slot}s. Thread safe.
 */
public final class Machine implements AutoCloseable {
  private final Clock clock;
  private final long seed;
  private final Rcu rcu = new Rcu();
  private final List<Cpu> cpus;
  private final Slots slots = new Slots();
  private final AtomicInteger statistics = new AtomicInteger();
  private volatile Consumer<String> trace = line -> {};

  /**
   * Makes a machine.
   *
   * @param cpuCount possible CPUs, at least 1
   * @param seed the start of the CPUs' random numbers
   */
  public Machine(int cpuCount, Clock clock, long seed) {
    if (cpuCount < 1) {
      throw new IllegalArgumentException("a machine has at least one CPU, not " + cpuCount);
    }
    this.clock = clock;
    this.seed = seed;
    this.cpus =
        IntStream.range(0, cpuCount)
            .mapToObj(number -> new Cpu(this, number, seed, rcu.newReader()))
            .toList();
  }

  /** All CPUs, by number. */
  public List<Cpu> cpus() {
    return cpus;
  }

  /** The CPU that the calling thread is on, or null. */
  public @Nullable Cpu current() {
    for (Cpu cpu : cpus) {
      if (cpu.isEntered()) {
        return cpu;
      }
    }
    return null;
  }

  /** The time. */
  public Clock clock() {
    return clock;
  }

  /** The start of random numbers. */
  public long seed() {
    return seed;
  }

  /** Grace periods. */
  public Rcu rcu() {
    return rcu;
  }

  /** Where a line of bpf_trace_printk goes. */
  public Consumer<String> trace() {
    return trace;
  }

  /** Sends each line of bpf_trace_printk there; called on the thread of the program. */
  public void trace(Consumer<String> sink) {
    trace = sink;
  }

  /** Whether runs of programs are counted and timed. */
  public boolean countsRuns() {
    return statistics.get() > 0;
  }

  /** Counts and times runs from now on, until {@link #endStatistics} is called as often. */
  public void beginStatistics() {
    statistics.incrementAndGet();
  }

  /** Ends what {@link #beginStatistics} began. */
  public void endStatistics() {
    statistics.decrementAndGet();
  }

  /** State that a subsystem shares between CPUs. */
  public Slots slots() {
    return slots;
  }

  /** Waits for readers and frees the CPUs' stacks. */
  @Override
  public void close() {
    rcu.close();
    cpus.forEach(Cpu::close);
  }
}
