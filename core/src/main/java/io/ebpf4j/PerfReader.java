package io.ebpf4j;

import java.time.Duration;
import java.util.Optional;

/**
 * Reads what programs put out by bpf_perf_event_output into a PERF_EVENT_ARRAY. Events of one CPU
 * come in order. Thread safe; one thread reads at a time.
 */
public interface PerfReader extends AutoCloseable {
  /**
   * Waits for the next event.
   *
   * @param timeout at most that long, 0 for not at all; an interrupt ends the wait as well
   * @return the event, or empty where none came
   * @throws IllegalStateException after {@link #close}
   */
  Optional<Event> read(Duration timeout);

  /** Takes the reader's events out of the map. */
  @Override
  void close();

  /**
   * What came from a CPU: a sample, or a note that samples were lost.
   *
   * @param cpu the CPU that the program ran on
   * @param data the sample and up to 7 bytes of padding behind it, as the kernel gives it; empty
   *     for a note
   * @param lost how many samples found no room at this place, 0 for a sample
   */
  @SuppressWarnings("ArrayRecordComponent") // Samples are bytes; their equality is not asked for.
  record Event(int cpu, byte[] data, long lost) {}
}
