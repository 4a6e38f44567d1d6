package io.ebpf4j;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Reads what programs submit to a RINGBUF, in the order in which they reserved it. A ring has one
 * reader: two share the records between them at random. Thread safe; one thread reads at a time.
 */
public interface RingReader extends AutoCloseable {
  /**
   * Waits for records and passes those on that are there, without a copy; what programs discarded
   * is passed over.
   *
   * @param records gets each record as a segment of the ring itself: it is readable until the call
   *     returns, then the programs write there again. What it throws ends the read behind that
   *     record.
   * @param most how many records at most, at least 1
   * @param timeout at most that long, 0 for not at all; an interrupt ends the wait as well
   * @return how many were passed on
   * @throws IllegalStateException after {@link #close}
   */
  int read(Consumer<MemorySegment> records, int most, Duration timeout);

  /**
   * Waits for the next record; what programs discarded is passed over.
   *
   * @param timeout at most that long, 0 for not at all; an interrupt ends the wait as well
   * @return the record's bytes, or empty where none came
   * @throws IllegalStateException after {@link #close}
   */
  default Optional<byte[]> read(Duration timeout) {
    List<byte[]> copies = new ArrayList<>(1);
    read(record -> copies.add(record.toArray(ValueLayout.JAVA_BYTE)), 1, timeout);
    return copies.stream().findFirst();
  }

  /** Leaves what was not read to the next reader. */
  @Override
  void close();
}
