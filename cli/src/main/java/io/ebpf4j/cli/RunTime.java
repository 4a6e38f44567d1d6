package io.ebpf4j.cli;

import java.util.OptionalDouble;

/**
 * The mean time of a packet after warm-up: over the last packets, at least half of all and less
 * than three quarters, since it begins anew whenever the number of packets has doubled.
 */
final class RunTime {
  private long packets;
  private long nanos;
  private long nextMark = 1;
  private long markedPackets;
  private long markedNanos;
  private long earlierPackets;
  private long earlierNanos;

  /** Adds a packet's run. */
  void add(long runNanos) {
    add(runNanos, 1);
  }

  /** Adds the runs of several packets, in all. */
  void add(long runNanos, int count) {
    packets += count;
    nanos += runNanos;
    if (packets >= nextMark) {
      earlierPackets = markedPackets;
      earlierNanos = markedNanos;
      markedPackets = packets;
      markedNanos = nanos;
      nextMark = 2 * packets;
    }
  }

  /** Nanoseconds for a packet, empty where there was none. */
  OptionalDouble meanNanos() {
    long counted = packets - earlierPackets;
    return counted == 0
        ? OptionalDouble.empty()
        : OptionalDouble.of((double) (nanos - earlierNanos) / counted);
  }
}
