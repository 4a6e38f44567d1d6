package io.ebpf4j;

import java.time.Duration;
import java.util.Optional;

/**
 * Reads what programs submit to a RINGBUF, in the order in which they reserved it. A ring has one
 * reader: two share the records between them at random. Thread safe; one thread reads at a time.
 */
public interface RingReader extends AutoCloseable {
  /**
   * Waits for the next record; what programs discarded is passed over.
   *
   * @param timeout at most that long, 0 for not at all; an interrupt ends the wait as well
   * @return the record's bytes, or empty where none came
   * @throws IllegalStateException after {@link #close}
   */
  Optional<byte[]> read(Duration timeout);

  /** Leaves what was not read to the next reader. */
  @Override
  void close();
}
