package io.ebpf4j.jvm.context;

import java.lang.foreign.MemorySegment;

/**
 * Runs a program over many packets, batch after batch: what happens to a packet is what a test run
 * of it does, but a batch enters its CPU once and nothing is allocated. For one thread.
 */
public interface PacketFeed extends AutoCloseable {
  /** Packets of a batch, at most. */
  int BATCH = 32;

  /**
   * Puts a copy of a packet into the batch, which must not be full.
   *
   * @return false, and nothing is added, where the packet is not one linear piece that a test run
   *     takes: give it to a test run, after those of the batch
   */
  boolean add(MemorySegment memory, long offset, int length);

  /** Packets in the batch. */
  int size();

  /**
   * Runs the program over the packets of the batch in their order, and empties the batch.
   *
   * @param verdicts gets the low 32 bits of R0 of each
   * @return how many there were
   */
  int run(int[] verdicts);

  /** Frees the batch's memory and lets the program go. */
  @Override
  void close();
}
